"""The demonstration's report can be read on a phone of 400 px."""

from pathlib import Path

from playwright.sync_api import Browser

from ebb.demo.report import write_report
from tests.ebb.findings import make_findings
from tests.pages.browsing import assert_accessible, opened

SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg text")].map(
  (text) => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a))"""
SIDEWAYS = """() => [...document.querySelectorAll("main *")].filter(
  (each) => getComputedStyle(each).overflowX !== "visible" && each.scrollWidth > each.clientWidth).length"""


def test_the_report_is_readable_at_400_px(browser: Browser, tmp_path: Path) -> None:
    write_report(make_findings(), tmp_path / "report.html")
    with opened(browser, (tmp_path / "report.html").as_uri(), viewport={"width": 400, "height": 800}) as page:
        assert_accessible(page)
        assert page.evaluate(SMALLEST) >= 11
        assert page.evaluate(SIDEWAYS) == 0
