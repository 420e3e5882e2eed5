"""The login in a browser: a session that scripts cannot read, and pages without buttons for those who may only read."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from store.database import open_database
from store.keys import create_key
from tests.pages.browsing import Site, assert_accessible, opened, running_site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A server that requires keys."""
    template = tmp_path_factory.mktemp("keys") / "ebb.db"
    template.write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{template}")
    database.write(lambda connection: create_key(connection, "first", ["admin"]))
    database.close()
    with running_site(tmp_path_factory.mktemp("site"), template, host="0.0.0.0") as running:
        yield running


@pytest.fixture
def key(site: Site) -> str:
    return site.database.write(lambda connection: create_key(connection, "test", ["admin"]))


def log_in(page: Page, key: str, *, read_only: bool = False) -> None:
    page.get_by_label("API key").fill(key)
    if read_only:
        page.get_by_label("Read only").check()
    page.get_by_role("button", name="Log in").click()


def test_a_reader_logs_in_and_out(browser: Browser, site: Site, key: str) -> None:
    with opened(browser, f"{site.url}/") as page:
        expect(page).to_have_url(f"{site.url}/login?next=%2F")
        assert_accessible(page)
        log_in(page, key)
        expect(page).to_have_url(f"{site.url}/")
        expect(page.get_by_text(f"key {key.split('_')[1]}")).to_be_visible()
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{site.url}/login")
        page.goto(f"{site.url}/")
        expect(page).to_have_url(f"{site.url}/login?next=%2F")


def test_a_read_only_session_says_so(browser: Browser, site: Site, key: str) -> None:
    with opened(browser, f"{site.url}/login") as page:
        log_in(page, key, read_only=True)
        expect(page.get_by_text("read only", exact=True)).to_be_visible()


def test_the_login_works_without_scripts(browser: Browser, site: Site, key: str) -> None:
    with opened(browser, f"{site.url}/login", java_script_enabled=False) as page:
        log_in(page, key)
        expect(page).to_have_url(f"{site.url}/")
