"""docs/new-project.md, command by command, from the built wheel in an empty environment and an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from random import Random

import pytest

from tests.support.examples import Example, examples
from tests.wheel.shell import Shell

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "new-project.md"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that `make release` has built (FCPIN_WHEEL), else one that is built of a copy of the sources."""
    if built := os.environ.get("FCPIN_WHEEL"):
        return Path(built)
    source, built_in = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    shutil.copytree(
        ROOT / "providers", source / "providers", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
    )
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", build, str(built_in)], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = built_in.glob("*.whl")
    return file


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "providers"
    files = {str(file.relative_to(package)) for file in (package / "fcpin").rglob("*") if file.is_file()}
    with zipfile.ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert held == {name for name in files if "__pycache__" not in name}


def test_a_new_project(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    with Shell(folder) as shell:
        page = Visitor(shell, folder)
        page.follow(until="source .venv/bin/activate")
        assert shell.run(f"pip install --quiet '{wheel}'") == ("", 0)
        assert_nothing_of_the_checkout(shell, folder)
        for program in ("emulator", "receiver"):
            assert_extra_is_missing(shell, program)
        page.follow(until="until grep -q ready emulator.log")
        assert_extra_is_missing(shell, "receiver")
        page.follow(until="fcpin engine preview")
        assert selected(page.printed) == ["main-1", "main-2"]
        if shutil.which("pulumi"):
            output, status = shell.run("pulumi preview --stack dev --non-interactive --color never")
            assert status == 0, output
            assert images(output) == images(page.printed)
        page.follow()
        assert shell.run("pip install --quiet 'fcpin[pipelines]'") == ("", 0)
        output, status = shell.run("fcpin pipeline --help")
        assert status == 0, output
        assert_nothing_of_the_checkout(shell, folder)


class Visitor:
    """Someone who does what the page shows, and compares what is printed."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self.shell = shell
        self.printed = ""
        """By the last command."""
        self._folder = folder
        self._printed, self._shown = Seen(), Seen()
        self._page = examples(PAGE)
        self._port = str(Random().randrange(20000, 30000))  # below those that the system gives to others

    def follow(self, until: str = "") -> None:
        """Run the commands of the page up to the one that begins with *until*, by default all that are left."""
        for example in self._page:
            self._run(example)
            if until and example.command.startswith(until):
                return
        assert not until, f"the page has no command {until!r}"

    def _run(self, example: Example) -> None:
        """On a port of this test's own."""
        verb = f"fcpin emulator verb --url http://127.0.0.1:{self._port} "
        command = example.command.replace("9900", self._port).replace("fcpin emulator verb ", verb)
        self.printed, status = self.shell.run(command)
        assert self._printed.comparable(self.printed) == self._shown.comparable(example.output), self.printed
        assert status == 0, example.command
        for file in self._folder.rglob("Pulumi.dev.yaml"):
            file.write_text(file.read_text().replace("9900", self._port))


class Seen:
    """Digests by the order in which they are first seen: their values differ from run to run."""

    def __init__(self) -> None:
        self._digests: list[str] = []

    def comparable(self, text: str) -> str:
        """*text* as it is on a terminal of any width, without spaces; the engine is the one without the CLI."""
        text = re.sub(r"\s", "", text).replace("enginepulumi,in", "enginefcpinengine,in")
        return re.sub(r"sha256:([0-9a-f]{12})([0-9a-f]{52})?", self._number, text)

    def _number(self, match: re.Match[str]) -> str:
        if match[1] not in self._digests:
            self._digests.append(match[1])
        return f"<digest {self._digests.index(match[1])}>"


def images(text: str) -> list[str]:
    """`main-1@sha256:<12 digits>`, in their order."""
    return re.findall(r"checkout:(main-\d@sha256:[0-9a-f]{12})", re.sub(r"\s", "", text))


def selected(text: str) -> list[str]:
    return [image.partition("@")[0] for image in images(text)]


def assert_extra_is_missing(shell: Shell, program: str) -> None:
    for command in (f"fcpin {program}", f"python -m fcpin.{program}"):
        output, status = shell.run(f"{command} --help")
        assert status == 2, output
        assert re.fullmatch(
            rf"fcpin {program}: [a-z0-9, -]+: not installed; run: pip install 'fcpin\[{program}\]'\n", output
        ), output


def assert_nothing_of_the_checkout(shell: Shell, folder: Path) -> None:
    output, status = shell.run("python -c 'import sys, fcpin; print(fcpin.__file__, *sys.path, sep=chr(10))'")
    module, *path = output.splitlines()
    assert status == 0, output
    assert Path(module).is_relative_to(folder)
    assert not [each for each in path if Path(each).is_relative_to(ROOT)]
