"""The charts of an evaluation: what is drawn is what the report has, and the table below has the same numbers."""

from typing import Any
from xml.etree import ElementTree

import pytest

from app.pages.charts import Chart, ChartAxis
from app.pages.evaluation_charts import evaluation_charts
from app.pages.rendering import environment
from tests.pages.registry import SPECS, train

SVG = "{http://www.w3.org/2000/svg}"
DRAW = '{% from "charts.html.jinja" import draw %}{{ draw(chart) }}'


@pytest.fixture(scope="module")
def metrics() -> dict[str, Any]:
    return dict(train(SPECS[0]).estimator.metrics)


@pytest.fixture(scope="module")
def charts(metrics: dict[str, Any]) -> dict[str, Chart]:
    return {chart.name: chart for chart in evaluation_charts({"version 1": metrics})}


def drawn(chart: Chart) -> ElementTree.Element:
    """Return the chart as the browser gets it; it is XML too."""
    return ElementTree.fromstring(environment().from_string(DRAW).render(chart=chart))


def test_a_version_has_a_chart_of_each_kind(charts: dict[str, Chart]) -> None:
    assert list(charts) == ["roc", "precision-recall", "calibration", "lift", "profit"]


def test_the_line_goes_through_the_points_of_the_report(charts: dict[str, Chart], metrics: dict[str, Any]) -> None:
    chart, points = charts["roc"], metrics["evaluation"]["operating_points"]
    corners = drawn(chart).find(".//polyline").get("points").split()
    assert corners[0] == f"{float(chart.LEFT)},{float(chart.BOTTOM)}"
    assert corners[-1] == f"{float(chart.RIGHT)},{float(chart.TOP)}"
    assert len(corners) == len(points) + 1
    x, y = map(float, corners[5].split(","))
    share = (x - chart.LEFT) / (chart.RIGHT - chart.LEFT), (chart.BOTTOM - y) / (chart.BOTTOM - chart.TOP)
    assert share == pytest.approx((points[4]["false_positive_rate"], points[4]["recall"]), abs=0.001)


def test_the_table_has_the_numbers_of_every_point(charts: dict[str, Chart], metrics: dict[str, Any]) -> None:
    tenths = metrics["evaluation"]["deciles"]
    rows = [["".join(cell.itertext()) for cell in row] for row in drawn(charts["lift"]).iter("tr")]
    assert rows[0] == ["tenth", "predicted", "observed", "lift", "churners up to here"]
    assert len(rows) == 1 + len(tenths)
    assert rows[1][3] == f"{tenths[0]['lift']:.2f}"


def test_every_chart_says_what_it_is(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        picture = drawn(chart).find("svg")
        named = {element.get("id"): element.text for element in picture if element.get("id")}
        assert picture.get("role") == "img"
        assert [bool(named[each]) for each in picture.get("aria-labelledby").split()] == [True, True]


def test_nothing_is_drawn_beside_the_picture(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        for element in drawn(chart).find("svg").iter():
            for name, most in (("x", chart.WIDTH), ("x1", chart.WIDTH), ("cx", chart.WIDTH), ("y", chart.height)):
                assert 0 <= float(element.get(name, 0)) <= most, (chart.name, element.attrib)
            assert "style" not in element.attrib


def test_several_versions_share_a_chart_and_its_table_names_them(metrics: dict[str, Any]) -> None:
    charts = evaluation_charts({f"version {i}": metrics for i in range(1, 7)})
    for chart in charts:
        assert [line.series for line in chart.lines if line.series] == [1, 2, 3, 4]
        assert chart.bars == ()
        assert {row[0] for row in chart.rows} == {f"version {i}" for i in range(1, 5)}


def test_a_version_of_an_earlier_release_lacks_the_curves_only(metrics: dict[str, Any]) -> None:
    earlier = {name: value for name, value in metrics["evaluation"].items() if name != "operating_points"}
    assert [chart.name for chart in evaluation_charts({"version 1": {**metrics, "evaluation": earlier}})] == [
        "calibration",
        "lift",
        "profit",
    ]
    assert evaluation_charts({"version 1": {}}) == []


@pytest.mark.parametrize("values", [[0.0], [-3.1, 8.4], [1e-7], [2e9, 1.0], [-5.0]])
def test_an_axis_has_zero_all_values_and_few_marks(values: list[float]) -> None:
    axis = ChartAxis.around("profit", values)
    marks = [value for value, _ in axis.ticks()]
    assert all(0.0 <= axis.place(value) <= 1.0 for value in (0.0, *values))
    assert 2 <= len(marks) <= 12
    assert marks[0] == pytest.approx(axis.low)
    assert marks[-1] == pytest.approx(axis.high)
