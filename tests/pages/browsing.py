"""A real browser before a real server: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from store.database import Database, open_database
from store.settings import Settings
from tests.app.running import Running, served
from tests.parts.browser import PHONE

WAIT_MS = 60_000  # a condition may take this long on a busy machine
expect.set_options(timeout=WAIT_MS)
DESKTOP = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Site:
    """A running server, its settings and its database."""

    url: str
    settings: Settings
    database: Database
    server: Running


@contextmanager
def running_site(home: Path, sqlite_template: Path, **changes: object) -> Iterator[Site]:
    """A server with a database of its own; without `host` it requires no key."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, home / "ebb.db")
    chosen: dict[str, object] = {"port": 0, "web_processes": 1, "web_threads": 16} | changes
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'ebb.db'}", **chosen)  # type: ignore[arg-type]
    database = open_database(settings.database_url)
    try:
        with served(settings) as server:
            yield Site(server.url.replace("0.0.0.0", "127.0.0.1"), settings, database, server)
            assert "Traceback" not in "".join(server.lines)
    finally:
        database.close()


@contextmanager
def opened(
    browser: Browser, address: str, *, dark: bool = False, allowed: str = "", **options: object
) -> Iterator[Page]:
    """A page in a fresh session of the browser; at the end its console must be empty but for `allowed` messages."""
    chosen = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "Europe/Berlin"} | options
    context = browser.new_context(color_scheme="dark" if dark else "light", **chosen)  # type: ignore[arg-type]
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    try:
        page.goto(address)
        yield page
        said = [message for message in said if not allowed or allowed not in message]
        assert said == [], said
    finally:
        context.close()


def assert_accessible(page: Page) -> None:
    """Fail where axe finds something, or the page is wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the screen"


def check_looks(browser: Browser, address: str) -> None:
    """Check a page on a desktop and on a phone, light and dark."""
    for viewport in (DESKTOP, PHONE):
        for dark in (False, True):
            with opened(browser, address, dark=dark, viewport=viewport) as page:
                assert_accessible(page)
