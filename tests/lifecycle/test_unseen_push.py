"""A push while the user reads the preview: what was not shown is never deployed."""

from collections.abc import Iterator
from contextlib import contextmanager

from fcpin.layout import shorten
from tests.lifecycle.stack_harness import FUNCTION, StackHarness
from tests.support.terminal import Terminal


@contextmanager
def up_at_its_prompt(harness: StackHarness) -> Iterator[Terminal]:
    """`up` that has shown its preview and waits for an answer."""
    command = [word for word in harness.stack.command("up") if word != "--non-interactive"]
    environment = {**harness.stack.process_environment(), "TERM": "xterm"}
    with Terminal(command, harness.stack.folder, environment) as terminal:
        terminal.wait_for("erform this update")
        yield terminal


def answer_yes(harness: StackHarness, terminal: Terminal) -> None:
    terminal.type("\x1b[A\r" if harness.stack.engine == "pulumi" else "yes\n")


def test_a_tag_pushed_at_the_prompt_waits_for_the_next_run(harness: StackHarness) -> None:
    harness.push("main-1")
    harness.up()
    shown = harness.push("main-2")
    with up_at_its_prompt(harness) as terminal:
        unseen = harness.push("main-3")
        answer_yes(harness, terminal)
        assert terminal.end() == 0, terminal.screen
    assert harness.deployed() == f"main-2@{shown}"
    harness.up()
    assert harness.deployed() == f"main-3@{unseen}"


def test_a_tag_moved_at_the_prompt_stops_the_update(harness: StackHarness) -> None:
    old = harness.push("main", "v1")
    harness.configure({FUNCTION: harness.entry(policy={"digest": {"tag": "main"}})})
    harness.up()
    shown = harness.push("main", "v2")
    with up_at_its_prompt(harness) as terminal:
        unseen = harness.push("main", "v3")
        answer_yes(harness, terminal)
        assert terminal.end() != 0, terminal.screen
    screen = "".join(terminal.screen.split())
    assert f"movedfrom{shorten(shown)}to{shorten(unseen)}" in screen
    assert harness.deployed().endswith(old)
