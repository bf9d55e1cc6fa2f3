"""Images built in memory are valid for a registry and for a kernel."""

import json
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fcpin.probe.image import image, index, program

CREATED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the program is one of Linux on amd64")
def test_the_program_ends_at_once_and_well(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(program())
    file.chmod(0o755)
    assert subprocess.run([file], check=False).returncode == 0


def test_equal_content_has_an_equal_digest_and_no_other_has() -> None:
    assert image("one", CREATED).digest == image("one", CREATED).digest
    assert len({image(content, CREATED).digest for content in ("one", "two")}) == 2


def test_an_index_names_the_platform_of_every_child() -> None:
    children = [image("one", CREATED, "linux/arm64"), image("two", CREATED)]
    entries = json.loads(index(children).manifest.content)["manifests"]
    assert [entry["platform"]["architecture"] for entry in entries] == ["arm64", "amd64"]
    assert [entry["digest"] for entry in entries] == [child.digest for child in children]
