"""Pictures of the receiver's page, made by Debian's Chromium."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Screen:
    """A device that shows the page."""

    width: int
    height: int
    colors: Literal["light", "dark"] = "light"
    touch: bool = False


DESKTOP: Final = Screen(1200, 900)
PHONE: Final = Screen(360, 780, "dark", touch=True)


def browser_path() -> str | None:
    """The path of Chromium; None if it is not installed."""
    return next(filter(None, map(which, BROWSERS)), None)


@contextmanager
def chromium(path: str) -> Iterator["Browser"]:
    """A browser without a window, that can reach this machine only."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-lcd-text",
                "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: "Browser", screen: Screen, *, scripts: bool = True) -> "Page":
    """A page in a profile of its own."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        color_scheme=screen.colors,
        has_touch=screen.touch,
        is_mobile=screen.touch,
        reduced_motion="reduce",
        java_script_enabled=scripts,
        locale="en-GB",
        timezone_id="Asia/Shanghai",
    )
    context.set_default_timeout(5000)
    return context.new_page()


def log_in(page: "Page", url: str, token: str, user: str = "ann") -> None:
    """Log in by the form, and then show *url*."""
    page.goto(url)
    page.get_by_label("Your name").fill(user)
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()
    page.locator("#main").wait_for()


def photograph(url: str, token: str, pictures: dict[Path, Screen]) -> None:
    """Write one PNG per screen of the page at *url*. Raises FileNotFoundError if Chromium or Playwright is missing."""
    path = browser_path()
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(BROWSERS)} is installed: apt-get install chromium")
    if find_spec("playwright") is None:
        raise FileNotFoundError("Playwright is not installed: tools/setup dev")
    with chromium(path) as browser:
        for picture, screen in pictures.items():
            page = open_page(browser, screen)
            log_in(page, url, token)
            page.locator("#live.on").wait_for()
            page.screenshot(path=picture)
            page.context.close()
