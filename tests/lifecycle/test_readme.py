"""The README's first example: its program, its commands and their output, on either engine."""

import re
from pathlib import Path

from tests.lifecycle.shop import Shop
from tests.support.examples import examples

README = Path(__file__).parent.parent.parent / "README.md"
_PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def lines(text: str) -> list[str]:
    """The lines that say something, with every digest alike."""
    return [line.rstrip() for line in _DIGEST.sub("sha256:…", text).splitlines() if line.strip()]


def stand_in_order(wanted: list[str], shown: list[str]) -> bool:
    rest = iter(shown)
    return all(line in rest for line in wanted)


def test_the_readme_shows_the_very_output(shop: Shop) -> None:
    program = _PROGRAM.findall(README.read_text())[0].replace(
        'PinnedFunction(\n    "checkout"', 'pin = PinnedFunction(\n    "checkout"'
    )
    export = 'import pulumi\npulumi.export("images", {"checkout": pulumi.Output.concat(pin.image, "@", pin.digest)})\n'
    (shop.stack.folder / "__main__.py").write_text(f"{program}\n{export}")
    shop.push("main-11")
    shop.up()
    shop.push("main-12")
    told = [example for example in examples(README) if example.command.startswith("pulumi ")]
    assert len(told) == 3
    for example in told:
        done = shop.stack.run(example.command.removeprefix("pulumi "))
        assert done.code == 0, done
        assert stand_in_order(lines(example.output), lines(done.output)), done
