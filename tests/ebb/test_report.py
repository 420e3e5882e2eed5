"""The report is a valid, self-contained page with all findings."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ebb.demo.findings import Findings
from ebb.demo.report import render_report, write_report
from tests.ebb.findings import make_findings

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Parses a page strictly: elements close in order, identifiers are unique."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.identifiers: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.identifiers += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def findings() -> Findings:
    return make_findings()


@pytest.fixture(scope="module")
def text(findings: Findings) -> str:
    return render_report(findings)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_identifiers_are_unique_and_every_reference_finds_one(page: Page, text: str) -> None:
    assert len(page.identifiers) == len(set(page.identifiers))
    pointed_at = re.findall(r'(?:href="|url\()#([^")]+)', text)
    assert pointed_at
    assert set(pointed_at) <= set(page.identifiers)


def test_nothing_is_fetched_and_nothing_runs(page: Page, text: str) -> None:
    assert not {tag for tag, _ in page.elements} & {"script", "img", "link", "iframe", "object", "image", "base"}
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"https?:|@import|url\((?!#)", text)


def test_each_chart_has_a_title_and_a_caption(page: Page) -> None:
    charts = page.all("svg")
    assert len(charts) == len(page.all("figure")) == len(page.all("figcaption")) == 3
    for chart in charts:
        assert chart["role"] == "img"
        assert chart["aria-labelledby"] in page.identifiers


def test_tables_have_captions_and_headers(page: Page) -> None:
    assert len(page.all("table")) == len(page.all("caption")) == 1
    assert [header["scope"] for header in page.all("th")] == ["col"] * 6 + ["row"] * 10


def test_the_figures_and_the_versions_facts_are_there(findings: Findings, text: str) -> None:
    evaluation = findings.evaluation
    for fact in (
        f"{evaluation.version.auc:.3f}",
        f"{evaluation.best.auc:.3f}",
        f"{evaluation.base_log_loss:.3f}",
        "20,000 fresh customers",
        findings.version.weights_sha256,
        findings.version.data_sha256,
        findings.dataset.id,
    ):
        assert fact in text


def test_the_ten_most_at_risk_are_listed_from_the_top(findings: Findings, text: str) -> None:
    listed = re.findall(r'<th scope="row"><code>(.*?)</code>', text)
    probability = dict(zip(findings.customers.customer_id.tolist(), findings.customers.probability, strict=True))
    assert listed == sorted(probability, key=lambda customer: -probability[customer])[:10]


def test_the_same_findings_give_the_same_page(findings: Findings, text: str) -> None:
    assert render_report(findings) == text


def test_colours_are_left_to_the_page_so_that_dark_mode_reaches_the_charts(text: str) -> None:
    charts = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert "var(--ink)" in charts
    assert not re.search(r"#[0-9a-fA-F]{6}\b", charts)
    assert "prefers-color-scheme: dark" in text


def test_markup_in_a_name_stays_text() -> None:
    text = render_report(make_findings(model="<script>x</script>"))
    Page(text)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_writing_replaces_an_earlier_report_whole(findings: Findings, text: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("earlier")
    write_report(findings, path)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]
