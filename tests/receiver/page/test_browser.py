"""The page in Chromium: live updates, layout, accessibility, and use without JavaScript."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from demo.screenshot import DESKTOP, PHONE, Screen, browser_path, chromium, log_in, open_page
from fcpin.drift import Kind
from fcpin.receiver.ledger.ledger import Ledger
from fcpin.receiver.ledger.model import Ending, JobState
from fcpin.receiver.web.limits import Limits
from fcpin.receiver.web.server import server
from tests.receiver.page.page_client import TOKEN, PageHarness
from tests.receiver.page.samples import everything, running
from tests.receiver.samples import NOON, function, proposal, scanned
from tests.receiver.web.serving import running as serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

CHROMIUM: Final = browser_path()
FACTS: Final = (Path(__file__).parent / "accessibility.js").read_text()
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    assert CHROMIUM is not None
    with chromium(CHROMIUM) as browser:
        yield browser


@pytest.fixture
def address(harness: PageHarness) -> Iterator[str]:
    with serving(server(harness.page(), Limits(), lambda *_: None)) as address:
        yield address


@contextmanager
def tab(browser: "Browser", screen: Screen, *, scripts: bool = True) -> Iterator["Tab"]:
    """A tab of a profile of its own, without an error or a warning in its console."""
    wrong: list[str] = []
    tab = open_page(browser, screen, scripts=scripts)
    tab.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    assert wrong == []
    tab.context.close()


def test_progress_appears_without_a_reload(browser: "Browser", address: str, ledger: Ledger) -> None:
    scanned(ledger, "staging", function("checkout", Kind.NEWER_TAG))
    scanned(ledger, "prod", function("search"))
    with tab(browser, DESKTOP) as seen:
        log_in(seen, address, TOKEN)
        seen.get_by_text("No job is running or pending").wait_for()
        seen.locator("#live.on").wait_for()
        seen.evaluate("window.sameDocument = true")
        job = running(ledger, "staging", "Updating (staging)")
        log = seen.get_by_role("log", name="Progress of staging")
        log.get_by_text("Updating (staging)").wait_for()
        for number in range(40):
            ledger.append_log(job.id, f"line {number} <b>")
        log.get_by_text("line 39 <b>").wait_for()
        lines = log.get_by_role("listitem").all_text_contents()
        assert lines[-40:] == [f"line {number} <b>" for number in range(40)], "each once, and in order"
        assert log.evaluate("box => Math.abs(box.scrollTop) < 2"), "the newest line is in sight"
        scanned(ledger, "staging", function("checkout", tag="main-12"))
        ledger.finish(job, Ending(JobState.SUCCEEDED), NOON)
        seen.get_by_role("heading", name="All 2 functions as deployed").wait_for()
        ledger.set_proposals("prod", [proposal("checkout")])
        seen.get_by_role("button", name="Approve checkout: main-11 to main-12").wait_for()
        assert seen.evaluate("window.sameDocument") is True
        seen.goto(f"{address}/functions/prod/search")
        seen.locator("#live.on").wait_for()
        seen.get_by_label("Reason").fill("main-11 fails")
        scanned(ledger, "prod", function("search", Kind.MOVED_TAG, sentence="main-11 moved"))
        seen.get_by_text("moved-tag").wait_for()
        assert seen.get_by_label("Reason").input_value() == "main-11 fails", "a change keeps what was typed"
        assert seen.get_by_label("Reason").evaluate("field => field === document.activeElement")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_fits_and_is_accessible(browser: "Browser", address: str, ledger: Ledger, screen: Screen) -> None:
    everything(ledger)
    job = ledger.jobs(stack="staging")[0]
    with tab(browser, screen) as seen:
        seen.goto(address)
        check(seen, landmarks=1)
        log_in(seen, address, TOKEN)
        for path in ("/history", "/functions/prod/thumbnails", f"/jobs/{job.id}", "/"):
            seen.goto(address + path)
            check(seen, landmarks=4)
        seen.keyboard.press("Tab")
        assert seen.evaluate("document.activeElement.textContent") == "Skip to content"


def test_without_javascript(browser: "Browser", address: str, ledger: Ledger) -> None:
    everything(ledger)
    with tab(browser, replace(DESKTOP, colors="dark"), scripts=False) as seen:
        log_in(seen, address, TOKEN)
        seen.get_by_text("checkout deploying main-12").wait_for()
        seen.get_by_role("button", name="Approve checkout").click()
        seen.get_by_text("Approved. It is deployed now").wait_for()
        check(seen, landmarks=3)


def check(seen: "Tab", landmarks: int) -> None:
    found: dict[str, Any] = seen.evaluate(FACTS)
    assert found["overflow"] <= 0, f"{seen.url} scrolls sideways: {found['wide']}"
    assert found["unnamed"] == [], f"{seen.url}: without a name"
    assert found["headings"] == 1, f"{seen.url}: one first heading"
    assert found["landmarks"] >= landmarks
    assert found["twice"] == [], f"{seen.url}: ids used twice"
    assert found["faint"] == [], f"{seen.url}: less contrast than 4.5 to 1"
    assert found["jumps"] == 0, f"{seen.url}: no tabindex above 0"
