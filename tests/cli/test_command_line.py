"""The command line as a whole: wrong usage, help, completion, and what a start imports."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from fcpin import __version__
from fcpin.cli import SECTIONS
from tests.support.command import fcpin

COMMANDS = {name: listed for section in SECTIONS.values() for name, listed in section.items()}


def leaves(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Commands without subcommands, by their words."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(f"{path} {name}", child)
    else:
        yield path, command


LEAVES = [leaf for name, listed in COMMANDS.items() for leaf in leaves(name, listed.load())]

WRONG = [
    ("selct", "fcpin: no such command: selct; did you mean select?"),
    ("nothing", "fcpin: no such command: nothing; see fcpin --help"),
    ("--verson", "fcpin: no such option: --verson; did you mean --version?"),
    ("select --polcy {}", "fcpin select: no such option: --polcy; did you mean --policy?"),
    ("select", "fcpin select: --policy: is required; see fcpin select --help"),
    ("impact", "fcpin impact: REPO:TAG: is required; see fcpin impact --help"),
    ("select --policy", "fcpin select: option '--policy' requires an argument; see fcpin select --help"),
    ("select --policy {} a", "fcpin select: got unexpected extra argument (a); see fcpin select --help"),
    ("select --policy {} a\x1b[2J", r"fcpin select: got unexpected extra argument (a\x1b[2J); see fcpin select --help"),
    ("explain --policy {} --limit x", "fcpin explain: --limit: 'x' is not a valid whole number; see fcpin explain --help"),
    ("explain --policy {} --limit -1", "fcpin explain: --limit: -1 is not in the range x>=0; see fcpin explain --help"),
    ("drift --engine x", "fcpin drift: --engine: 'x' is not one of 'auto', 'embedded', 'pulumi'; see fcpin drift --help"),
    ("pipeline runn", "fcpin pipeline: no such command: runn; did you mean run?"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "line"), WRONG, ids=[words for words, _ in WRONG])
def test_wrong_usage_is_one_line_with_what_to_do(words: str, line: str) -> None:
    answer = fcpin(*words.split())
    assert (answer.code, answer.out, answer.err) == (2, "", f"{line}\n")


def test_the_help_has_every_command_in_its_section() -> None:
    answer = fcpin("--help")
    assert (answer.code, answer.err) == (0, "")
    for title, section in SECTIONS.items():
        lines = answer.out.partition(f"\n{title}:\n")[2].partition("\n\n")[0].splitlines()
        assert [line.split()[0] for line in lines if line[2] != " "] == list(section)


@pytest.mark.parametrize("words", ["", "pipeline"])
def test_without_a_command_the_help_is_shown_as_a_mistake(words: str) -> None:
    answer = fcpin(*words.split())
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"Usage: fcpin {words}".rstrip())


@pytest.mark.parametrize(("words", "command"), LEAVES, ids=[words for words, _ in LEAVES])
def test_every_command_and_every_option_is_described(words: str, command: click.Command) -> None:
    answer = fcpin(*words.split(), "-h")
    assert answer.code == 0
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert (parameter.help or "").endswith("."), parameter.name


def test_help_is_wider_than_80_columns_and_at_most_120_in_a_wide_terminal() -> None:
    command = [sys.executable, "-m", "fcpin", "explain", "--help"]
    environment = {**os.environ, "COLUMNS": "500"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 105 < max(map(len, done.stdout.splitlines())) <= 120


def test_the_version() -> None:
    assert fcpin("--version").out == f"fcpin {__version__}\n"


COMPLETIONS = [
    (["fcpin", "s"], {"select", "schema", "s-import"}),
    (["fcpin", "explain", "--p"], {"--policy", "--plain-http"}),
    (["fcpin", "drift", "--engine", ""], {"auto", "embedded", "pulumi"}),
    (["fcpin", "pipeline", "r"], {"render", "run"}),
]


@pytest.mark.parametrize(("words", "names"), COMPLETIONS, ids=[" ".join(words) for words, _ in COMPLETIONS])
def test_a_shell_completes_commands_options_and_values(
    words: list[str], names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_FCPIN_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    answer = fcpin()
    assert (answer.code, answer.err) == (0, "")
    assert {line.removeprefix("plain,") for line in answer.out.splitlines()} == names


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_FCPIN_COMPLETE", f"{shell}_source")
    answer = fcpin()
    assert answer.code == 0
    assert f"_FCPIN_COMPLETE={shell}_complete" in answer.out


def test_select_imports_no_other_command_no_client_and_nothing_that_draws() -> None:
    heavy = ["pulumi", "rich", "urllib3", "alibabacloud_credentials", "Tea", "argparse", "importlib.metadata"]
    others = [listed.module for name, listed in COMMANDS.items() if name != "select"]
    program = (
        "import sys; from fcpin.cli import main; main(['select', '--policy', '{\"newest\": {}}']); "
        f"sys.exit(str({{*{[*heavy, *others]}}} & {{*sys.modules}} or ''))"
    )
    done = subprocess.run([sys.executable, "-c", program], input="main-1", capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == ""
