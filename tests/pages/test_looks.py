"""Every page is accessible by axe's rules and fits its screen, light and dark, on a desktop and on a phone."""

import pytest
from playwright.sync_api import Browser

from tests.pages.browsing import Site, check_looks

PATHS = ("/", "/calls", "/jobs", "/operations", "/keys")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_accessible_and_fits_its_screen(browser: Browser, site: Site, path: str) -> None:
    check_looks(browser, site.url + path)
