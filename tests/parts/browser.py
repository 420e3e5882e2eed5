"""Debian's Chromium, driven by Playwright."""

import shutil

from playwright.sync_api import Browser, Playwright, ViewportSize

PHONE: ViewportSize = {"width": 375, "height": 740}
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium."""
    program = shutil.which("chromium")
    assert program is not None, "the tests of pages need Chromium: install it first (Debian: apt-get install chromium)"
    return playwright.chromium.launch(executable_path=program, args=list(QUIET))
