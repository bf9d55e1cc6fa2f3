"""Somebody pushes while the user reads the preview: what was not shown is never deployed."""

from collections.abc import Iterator
from contextlib import contextmanager

from fcpin.layout import shorten
from tests.lifecycle.shop import FUNCTION, Shop
from tests.support.terminal import Terminal


@contextmanager
def up_at_its_prompt(shop: Shop) -> Iterator[Terminal]:
    """`up` that has shown its preview and waits for an answer."""
    command = [word for word in shop.stack.command("up") if word != "--non-interactive"]
    environment = {**shop.stack.process_environment(), "TERM": "xterm"}
    with Terminal(command, shop.stack.folder, environment) as terminal:
        terminal.wait_for("erform this update")
        yield terminal


def say_yes(shop: Shop, terminal: Terminal) -> None:
    terminal.type("\x1b[A\r" if shop.stack.engine == "pulumi" else "yes\n")


def test_a_tag_pushed_at_the_prompt_waits_for_the_next_run(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shown = shop.push("main-2")
    with up_at_its_prompt(shop) as terminal:
        unseen = shop.push("main-3")
        say_yes(shop, terminal)
        assert terminal.end() == 0, terminal.screen
    assert shop.deployed() == f"main-2@{shown}"
    shop.up()
    assert shop.deployed() == f"main-3@{unseen}"


def test_a_tag_moved_at_the_prompt_stops_the_update(shop: Shop) -> None:
    old = shop.push("main", "v1")
    shop.configure({FUNCTION: shop.entry(policy={"digest": {"tag": "main"}})})
    shop.up()
    shown = shop.push("main", "v2")
    with up_at_its_prompt(shop) as terminal:
        unseen = shop.push("main", "v3")
        say_yes(shop, terminal)
        assert terminal.end() != 0, terminal.screen
    said = "".join(terminal.screen.split())
    assert f"movedfrom{shorten(shown)}to{shorten(unseen)}" in said
    assert shop.deployed().endswith(old)


def test_a_preview_of_its_own_binds_no_later_run(shop: Shop) -> None:
    shop.push("main-1")
    shop.up()
    shop.push("main-2")
    shop.preview()
    newest = shop.push("main-3")
    shop.up()
    assert shop.deployed() == f"main-3@{newest}"
