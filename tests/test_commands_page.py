"""docs/commands.md has the help of every command. `python -m tests.test_commands_page` writes it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from fcpin.cli import SECTIONS
from fcpin.cli.group import SETTINGS

PAGE: Final = Path(__file__).parent.parent / "docs" / "commands.md"
MARK: Final = "<!-- commands: written by `python -m tests.test_commands_page` -->\n"


def reference() -> str:
    parts = []
    for title, section in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        for name, listed in section.items():
            parts.append(f"\n### fcpin {name}\n\n{listed.summary}.\n")
            parts += [f"\n```text\n{text}\n```\n" for text in helps(f"fcpin {name}", listed.load())]
    return "".join(parts)


def helps(path: str, command: click.Command) -> Iterator[str]:
    """The help of *command* and of its subcommands."""
    context = click.Context(command, info_name=path, terminal_width=100, **SETTINGS)
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child
            yield from helps(f"{path} {name}", child)


def test_the_page_has_the_help_of_every_command() -> None:
    assert PAGE.read_text().partition(MARK)[2] == reference(), "run python -m tests.test_commands_page"


if __name__ == "__main__":
    head, mark, _ = PAGE.read_text().partition(MARK)
    PAGE.write_text(f"{head}{mark}{reference()}")
