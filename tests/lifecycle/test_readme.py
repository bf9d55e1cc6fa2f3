"""The README's first example: its program, its commands and their output; on the Pulumi CLI the same counts."""

import re
from pathlib import Path

import pytest

from fcpin.emulator import Emulator
from tests.lifecycle.stack_harness import StackHarness
from tests.support.examples import examples
from tests.support.stack import Stack

README = Path(__file__).parent.parent.parent / "README.md"
_PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
_DIGEST = re.compile(r"sha256:[0-9a-f]{12}\b")
_COMMAND = "fcpin engine "


@pytest.fixture
def harness(tmp_path: Path, engine: str, cloud: Emulator) -> StackHarness:
    """The stack that the README names."""
    return StackHarness.open(Stack(tmp_path / "project", engine, {"COLUMNS": "120"}, "dev"), cloud)


def lines(text: str, engine: str) -> list[str]:
    """The lines that both show: all of them, with every digest alike; of the CLI the counts."""
    shown = [line.rstrip() for line in _DIGEST.sub("sha256:…", text).splitlines() if line.strip()]
    return shown if engine == "embedded" else shown[shown.index("Resources:") :]


def test_the_readme_shows_the_very_output(harness: StackHarness, engine: str) -> None:
    program = _PROGRAM.findall(README.read_text())[0].replace(
        'PinnedFunction(\n    "checkout"', 'pin = PinnedFunction(\n    "checkout"'
    )
    export = 'import pulumi\npulumi.export("images", {"checkout": pulumi.Output.concat(pin.image, "@", pin.digest)})\n'
    (harness.stack.folder / "__main__.py").write_text(f"{program}\n{export}")
    harness.push("main-11")
    harness.up()
    harness.push("main-12")
    shown = [example for example in examples(README) if example.command.startswith(_COMMAND)]
    assert len(shown) == 3
    for example in shown:
        done = harness.stack.run(example.command.removeprefix(_COMMAND).removesuffix(" --stack dev"))
        assert done.code == 0, done
        printed = [line for line in lines(done.output, engine) if not line.startswith("Duration:")]
        assert printed == lines(example.output, engine), done
