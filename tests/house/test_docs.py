"""The documents name files and pages that are there, in lines that fit a screen."""

import re
from pathlib import Path

import pytest

from tests.house.sources import ROOT, files

WIDTH = 160
PAGES = [path for path in files() if path.suffix == ".md" and path != ROOT / "CHANGELOG.md"]
FOLDERS = "app|benchmarks|deploy|docs|ebb|migrations|model|requirements|scripts|store|tests|worker"
NAMED = re.compile(rf"(?<![\w./$-])(?:{FOLDERS})/(?:[\w.-]+/)*[\w.-]*\w/?")
ALONE = re.compile(r"`([\w-]+\.py)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_no_line_is_longer_than_a_screen_is_wide(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, start=1) if len(line) > WIDTH] == []


@pages
def test_every_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    known = {path.name for path in files()} | {"utils.py"}  # which CONTRIBUTING.md says there is not
    missing = {name for name in NAMED.findall(text) if not (ROOT / name).exists()}
    assert missing | {name for name in ALONE.findall(text) if name not in known} == set()


@pages
def test_every_link_leads_somewhere(page: Path) -> None:
    for name, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), name
        assert not anchor or anchor in anchors(target), f"{name}#{anchor}"
