"""tools/setup and the Makefile with fake programs: what each target installs and prints."""

import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = ("Makefile", "pyproject.toml", *(file.name for file in ROOT.glob("requirements*.txt")))
SYSTEM = [
    "bash",
    "cat",
    "cksum",
    "cp",
    "dirname",
    "env",
    "grep",
    "mkdir",
    "mv",
    "rm",
    "sleep",
    "tail",
    "timeout",
    "touch",
]
DEBIAN = ["docker-registry", "skopeo", "redis-server", "chromium", "buildah"]
RUN, DEV = "requirements.txt", "requirements-dev.txt"

# A Python that is supported, makes virtual environments of itself, and has no Pulumi CLI to install.
PYTHON = """
case "$*" in
  *version_info*) exit 0;;
  *PulumiCommand*) exit 1;;
  "-m pip install "*"--target .venv/uv "*) mkdir -p .venv/uv/bin; cp "$BIN/uv-to-fetch" .venv/uv/bin/uv;;
  "-m venv .venv") mkdir -p .venv/bin; cp "$BIN/python3" .venv/bin/python;;
esac
"""
UV = """
case "$*" in
  "venv "*) mkdir -p .venv/bin; for name in python pytest ruff mypy fcpin; do cp "$BIN/python3" .venv/bin/$name; done;;
esac
"""
# An installation without a network.
FAILING = """
case "$*" in *"pip install "*) echo "WARNING: Retrying (Retry(total=0, connect=None))" >&2; exit 1;; esac
"""
MAKE = shutil.which("make") or "make"


@dataclass
class Machine:
    """A clone of the project, on a machine that has just the programs in `bin`."""

    folder: Path

    def __post_init__(self) -> None:
        self.bin.mkdir()
        (self.project / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools" / "setup", self.project / "tools" / "setup")
        for name in FILES:
            shutil.copy(ROOT / name, self.project / name)
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name) or name)
        self.program("python3", PYTHON)
        self.program("uv-to-fetch", UV)
        self.program("uv", UV)
        self.program("id", "echo 0")
        self.program("apt-get", "exit 0")

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def program(self, name: str, script: str) -> None:
        """A program that records its arguments and runs *script*."""
        file = self.bin / name
        file.write_text(f'#!/bin/sh\necho "${{0##*/}} $*" >>"$CALLS"\n{script}\n')
        file.chmod(0o755)

    def start(self, *command: str, **environment: str) -> "subprocess.Popen[str]":
        given = {"PATH": str(self.bin), "BIN": str(self.bin), "CALLS": str(self.folder / "calls"), **environment}
        return subprocess.Popen(
            [shutil.which(command[0]) or command[0], *command[1:]],
            cwd=self.project,
            env={"HOME": str(self.folder), **given},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, code: int = 0, **environment: str) -> str:
        """Everything that *command* prints; it exits with *code*. Earlier records are removed."""
        (self.folder / "calls").unlink(missing_ok=True)
        process = self.start(*command, **environment)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == code, output
        return output

    def setup(self, *arguments: str, code: int = 0, **environment: str) -> str:
        return self.run("tools/setup", *arguments, code=code, **environment)

    def calls(self, pattern: str) -> list[str]:
        file = self.folder / "calls"
        return re.findall(pattern, file.read_text() if file.exists() else "", re.MULTILINE)

    def installed(self) -> list[str]:
        """The requirements files that were installed by the last command."""
        return self.calls(r"^(?:uv|python) .*install .*--require-hashes -r (\S+)$")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("target", "requirements", "programs"),
    [
        ("demo", RUN, []),
        ("emulator", RUN, []),
        ("demo-push", RUN, ["docker-registry", "skopeo"]),
        ("demo-build", RUN, ["git", "buildah"]),
        ("bench", RUN, ["docker-registry", "skopeo"]),
        ("format", DEV, []),
        ("fuzz", DEV, []),
        ("test", DEV, DEBIAN),
        ("check", DEV, DEBIAN),
    ],
)
def test_a_target_installs_what_it_needs(machine: Machine, target: str, requirements: str, programs: list[str]) -> None:
    machine.run(MAKE, target)
    assert machine.installed() == [requirements]
    assert [line.split() for line in machine.calls(r"^apt-get install .*--no-install-recommends (.*)$")] == (
        [programs] if programs else []
    )
    attempts = machine.calls("PulumiCommand.install")
    assert len(attempts) == (1 if requirements == DEV else 0)


def test_the_first_line_comes_at_once_and_then_one_sign_of_life_a_second(machine: Machine) -> None:
    machine.program("uv", f'{UV}\ncase "$*" in *--require-hashes*) sleep 3;; esac')
    started = time.monotonic()
    shown, moments = b"", [started]
    with machine.start(MAKE, "demo") as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), 4096):
            shown += chunk
            moments.append(time.monotonic())
    assert process.returncode == 0
    assert shown.startswith(f"setup: installing {RUN} and fcpin into .venv: ".encode())
    assert moments[1] - started < 1
    assert max(after - before for before, after in pairwise(moments)) < 2.5
    assert re.search(rb"^setup: Python packages \.{2,} \d s$", shown, re.MULTILINE)


def test_the_first_line_of_all_tests_is_how_long_they_take(machine: Machine) -> None:
    assert re.match(r"make test: about \d+ minutes on two cores", machine.run(MAKE, "test"))
    assert "minutes" not in machine.run(MAKE, "test", "ARGS=-k word")


def test_what_is_installed_is_not_installed_again(machine: Machine) -> None:
    for program in DEBIAN:
        machine.program(program, "")
    machine.setup()
    assert machine.setup() == ""
    assert machine.installed() == []
    machine.setup("dev", *DEBIAN)
    assert machine.installed() == [DEV]
    assert machine.setup("dev", *DEBIAN) == machine.setup(*DEBIAN) == machine.setup() == ""
    assert machine.installed() == []


def test_other_requirements_are_installed_for_each_profile(machine: Machine) -> None:
    machine.setup("dev")
    with (machine.project / RUN).open("a") as file:
        file.write("# changed\n")
    machine.setup()
    assert machine.installed() == [RUN]
    machine.setup("dev")
    assert machine.installed() == [DEV]


def test_an_installation_that_failed_is_repeated(machine: Machine) -> None:
    machine.setup()
    with (machine.project / RUN).open("a") as file:
        file.write("# changed\n")
    machine.program("uv", "exit 1")
    (machine.project / ".venv" / "bin" / "python").write_text(f"#!/bin/sh\n{FAILING}")
    machine.program("python3", FAILING)
    machine.setup(code=1)
    (machine.project / RUN).write_text((ROOT / RUN).read_text())
    machine.program("uv", UV)
    machine.setup()
    assert machine.installed() == [RUN]


def test_uv_is_installed_from_the_index_of_pip(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    machine.program("uv-to-fetch", f'{UV}\necho "index $UV_DEFAULT_INDEX" >>"$CALLS"')
    machine.setup(PIP_INDEX_URL="https://mirror.example/simple")
    (fetched,) = machine.calls(r"^python3 -m pip install (.*)$")
    assert "--require-hashes -r requirements-uv.txt" in fetched
    assert "--only-binary :all:" in fetched
    assert machine.installed() == [RUN]
    assert set(machine.calls(r"^index (.*)$")) == {"https://mirror.example/simple"}
    machine.setup("dev")
    assert machine.calls(r"^python3 -m pip install .*$") == []
    assert machine.installed() == [DEV]


def test_a_python_without_pip_has_it_in_the_environment(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    machine.program("python3", f'case "$*" in "-m pip --version") exit 1;; esac\n{PYTHON}')
    machine.setup()
    assert machine.calls(r"^python -m pip install .* -r requirements-uv.txt$")
    assert machine.calls(r"^uv pip install .* -r (.*)$") == [RUN]


def test_pip_installs_if_uv_is_not_available(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    machine.program("python3", f'case "$*" in *"--target .venv/uv "*) exit 1;; esac\n{PYTHON}')
    machine.setup()
    assert machine.calls(r"^python -m pip install .*--require-hashes -r (\S+)$") == [RUN]
    assert machine.calls(r"^python -m pip install .*--no-deps --no-build-isolation -e \.$")


def test_an_index_that_cannot_be_reached_is_one_line(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    machine.program("python3", f"{FAILING}\n{PYTHON}")
    last = machine.setup(code=1).splitlines()[-1]
    assert last == (
        "setup: the package index cannot be reached: check the network, HTTPS_PROXY and PIP_INDEX_URL; see .venv/setup.log"
    )


def test_a_python_that_is_too_old_is_one_line(machine: Machine) -> None:
    (machine.bin / "uv").unlink()
    machine.program("python3.9", 'case "$1" in -V) echo Python 3.9.2;; *) exit 1;; esac')
    last = machine.setup(code=1, PYTHON="python3.9").splitlines()[-1]
    assert last == "setup: python3.9 is Python 3.9.2; fcpin needs Python 3.11 or later: set PYTHON"


def test_debian_packages_that_cannot_be_installed_are_one_line(machine: Machine) -> None:
    machine.program("id", "echo 1000")
    assert "\nsetup: without buildah: not root; " in machine.setup("buildah")
    assert machine.calls("^apt-get.*") == []
    machine.program("id", "echo 0")
    machine.program("apt-get", "exit 100")
    assert "setup: without buildah: apt-get could not install it, see .venv/setup.log; " in machine.setup("buildah")


def test_the_pulumi_cli_is_required_only_where_it_is_named(machine: Machine) -> None:
    assert "setup: without the Pulumi CLI: " in machine.setup("dev")
    assert "Pulumi" not in machine.setup("dev"), "a second attempt"
    last = machine.setup(code=1, ENGINE="pulumi").splitlines()[-1]
    assert last == "setup: ENGINE=pulumi, but the Pulumi CLI is not on PATH and its installer cannot be reached"
    assert machine.setup("dev", ENGINE="embedded") == ""
    machine.program("pulumi", "")
    assert machine.setup(ENGINE="pulumi") == ""
