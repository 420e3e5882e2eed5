"""The browser of the tests of pages, one a process, and a server, one a module."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pages.browsing import Site, opened, running_site
from tests.parts.browser import launch

Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A server on loopback, which requires no key."""
    with running_site(tmp_path_factory.mktemp("site"), sqlite_template) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Open:
    """Return a function that opens a path of the site, and in the end checks that the console is empty."""

    def open_path(path: str, **options: object) -> AbstractContextManager[Page]:
        return opened(browser, site.url + path, **options)

    return open_path
