"""What a preview leaves to the update of the same run, and to no other user."""

import os
import stat
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from fcpin.pinned_function.preview_cache import (
    Engine,
    PreviewCache,
    Selected,
    UnsafeFolder,
    cache_folder,
    key_of,
    private,
)

SELECTED = Selected("main-12", f"sha256:{'a' * 64}", "newest of 2 of 3 tags by number")
THIS = Engine(os.getpid(), psutil.Process().create_time())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return private(tmp_path / "cache")


def test_the_update_phase_recalls_what_the_preview_selected_once_and_only_this_user_can_read_it(folder: Path) -> None:
    PreviewCache(folder, THIS).put("key", SELECTED)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]
    assert PreviewCache(folder, THIS).get("key") == SELECTED
    PreviewCache(folder, THIS)
    assert PreviewCache(folder, THIS).get("key") is None


def test_another_run_and_another_question_recall_nothing(folder: Path) -> None:
    PreviewCache(folder, THIS).put(key_of("a", {"policy": 1}), SELECTED)
    another = Engine(THIS.pid, THIS.started + 60)
    for engine, policy in ((THIS, {"policy": 2}), (another, {"policy": 1})):
        assert PreviewCache(folder, engine).get(key_of("a", policy)) is None


def test_without_a_known_engine_nothing_is_kept(folder: Path) -> None:
    for cache in (PreviewCache(folder, None), PreviewCache(None, THIS)):
        cache.put("key", SELECTED)
        assert cache.get("key") is None
    assert list(folder.iterdir()) == []


def test_a_damaged_cache_is_ignored_and_one_that_cannot_be_written_is_one_line(folder: Path) -> None:
    (folder / THIS.file_name).write_text("{")
    cache = PreviewCache(folder, THIS)
    assert cache.get("key") is None
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    with pytest.raises(UnsafeFolder, match="No such file or directory; free disk space"):
        cache.put("key", SELECTED)


def test_a_missing_runtime_folder_is_no_reason_to_stop_and_without_any_private_folder_there_is_none() -> None:
    folder = cache_folder({"XDG_RUNTIME_DIR": "/proc/nope"})
    assert folder is not None
    assert Path(tempfile.gettempdir()) in folder.parents
    assert cache_folder({"XDG_CACHE_HOME": "/proc/nope"}, Path("/proc/nope")) is None


def test_a_folder_that_another_user_has_made_is_passed_over(tmp_path: Path) -> None:
    shared, cache = tmp_path / "tmp", tmp_path / "cache"
    shared.mkdir()
    taken = shared / f"fcpin-{os.getuid()}"
    others: list[Callable[[], object]] = [
        lambda: taken.mkdir(mode=0o755),
        lambda: taken.symlink_to(tmp_path),
        lambda: taken.write_text("no folder"),
        lambda: shared.chmod(0o777),  # without the sticky bit: others may put theirs in our folder's place
    ]
    for take in others:
        take()
        folder = cache_folder({"XDG_CACHE_HOME": str(cache)}, shared)
        assert folder is not None
        assert cache in folder.parents
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        if taken.is_dir() and not taken.is_symlink():
            taken.rmdir()
        else:
            taken.unlink(missing_ok=True)
    shared.chmod(0o1777)
    assert cache_folder({"XDG_CACHE_HOME": str(cache)}, shared) == taken


def test_a_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "cache").chmod(0o777)
    with pytest.raises(UnsafeFolder, match="accessible to other users"):
        private(tmp_path / "cache")


def test_what_ended_runs_left_is_swept(folder: Path) -> None:
    ended = subprocess.Popen(["true"])
    engine = Engine(ended.pid, psutil.Process(ended.pid).create_time())
    PreviewCache(folder, engine).put("key", SELECTED)
    ended.wait()
    PreviewCache(folder, THIS)
    assert list(folder.iterdir()) == []
