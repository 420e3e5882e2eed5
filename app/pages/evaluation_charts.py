"""The charts of a version's evaluation: from its report to lines, bars and tables of numbers.

Each function takes the metrics of versions by the name to show, which is one for a single version. A version without
the numbers of a chart, such as one of an earlier release, has no line; without any line there is no chart.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.pages.charts import Chart, ChartAxis, ChartLine, Points
from app.pages.formats import number, share, significant
from model.metrics import wilson_interval

ByVersion = Mapping[str, Mapping[str, Any]]
NumberCells = tuple[str, ...]
MOST_LINES = 4  # as many colours as there are


def evaluation_charts(metrics: ByVersion) -> list[Chart]:
    """Return all charts that the metrics have numbers for, at most four versions in each."""
    shown = dict(list(metrics.items())[:MOST_LINES])
    drawn = (draw(shown) for draw in (roc, precision_recall, calibration, lift, profit))
    return [chart for chart in drawn if chart is not None]


def roc(metrics: ByVersion) -> Chart | None:
    """Draw the share of churners that is contacted against that of customers who stay."""
    found = _reports(metrics, "operating_points")
    lines = [
        ChartLine(
            f"{name}, AUC {_figure(report, 'auc')}", [(0.0, 0.0), *_points(report, "false_positive_rate", "recall")], i
        )
        for i, (name, report) in enumerate(found.items(), start=1)
    ]
    if not lines:
        return None
    return Chart(
        "roc",
        "ROC curve",
        "How many of the churners a contact of the customers most at risk reaches, by how many others it reaches too.",
        ChartAxis("share of the others contacted"),
        ChartAxis("share of the churners contacted"),
        [*lines, ChartLine("by chance, AUC 0.500", [(0.0, 0.0), (1.0, 1.0)], 0)],
        *_numbers(
            ("threshold", "churners", "others"),
            {name: _cells(report, "threshold", "recall", "false_positive_rate") for name, report in found.items()},
        ),
    )


def precision_recall(metrics: ByVersion) -> Chart | None:
    """Draw the precision against the recall of contacting the customers of at least each threshold."""
    found = _reports(metrics, "operating_points")
    lines = [
        ChartLine(f"{name}, area {_figure(report, 'average_precision')}", _points(report, "recall", "precision"), i)
        for i, (name, report) in enumerate(found.items(), start=1)
    ]
    if not lines:
        return None
    report = next(iter(found.values()))
    rate = report["churners"] / report["rows"]
    return Chart(
        "precision-recall",
        "Precision and recall",
        "How many of the contacted customers are churners, by how many of the churners are contacted.",
        ChartAxis("recall: share of the churners contacted"),
        ChartAxis("precision: churners among the contacted"),
        [*lines, ChartLine(f"by chance: {share(rate)}", [(0.0, rate), (1.0, rate)], 0)],
        *_numbers(
            ("threshold", "recall", "precision"),
            {name: _cells(report, "threshold", "recall", "precision") for name, report in found.items()},
        ),
    )


def calibration(metrics: ByVersion) -> Chart | None:
    """Draw the observed churn of groups of customers against the predicted one, with intervals of 95 %."""
    found = {name: report["deciles"] for name, report in _reports(metrics, "deciles").items()}
    if not found:
        return None
    lines = [ChartLine("as many leave as predicted", [(0.0, 0.0), (1.0, 1.0)], 0)]
    for i, (name, groups) in enumerate(found.items(), start=1):
        points = [(group["predicted"], group["observed"]) for group in groups]
        bounds = [wilson_interval(group["observed"], group["rows"]) for group in groups]
        lines.append(ChartLine(name, points, i, dots=True, bounds=bounds))
    return Chart(
        "calibration",
        "Calibration",
        "The churn of groups of customers, as predicted and as observed. The bars are intervals of 95 %.",
        ChartAxis("predicted"),
        ChartAxis("observed"),
        lines,
        *_numbers(
            ("predicted", "observed", "customers"),
            {
                name: [(share(each["predicted"]), share(each["observed"]), number(each["rows"])) for each in groups]
                for name, groups in found.items()
            },
        ),
    )


def lift(metrics: ByVersion) -> Chart | None:
    """Draw the lift by tenths of the customers: bars for one version, lines for several."""
    found = _reports(metrics, "deciles")
    if not found:
        return None
    lifts = {name: [group["lift"] for group in report["deciles"]] for name, report in found.items()}
    lines = [
        ChartLine(name, [(i + 0.5, value) for i, value in enumerate(values)], i)
        for i, (name, values) in enumerate(lifts.items(), start=1)
    ]
    return Chart(
        "lift",
        "Lift",
        "How many times the average churn each tenth of the customers has, the tenth most at risk first.",
        ChartAxis("tenths of the customers, most at risk first", 0, 10, 2, is_share=False),
        ChartAxis.around("times the average churn", [value for values in lifts.values() for value in values]),
        [*(lines if len(lines) > 1 else ()), ChartLine("the average", [(0.0, 1.0), (10.0, 1.0)], 0)],
        *_numbers(
            ("tenth", "predicted", "observed", "lift", "churners up to here"),
            {name: list(_tenths(report["deciles"])) for name, report in found.items()},
        ),
        bars=() if len(lines) > 1 else next(iter(lifts.values())),
    )


def profit(metrics: ByVersion) -> Chart | None:
    """Draw the profit by the share of customers who are contacted."""
    found = _reports(metrics, "profit")
    lines = []
    for i, (name, report) in enumerate(found.items(), start=1):
        curve, best = report["profit"]["curve"], report["profit"]["best"]
        points = [(point["contacted"], point["profit"]) for point in curve]
        lines.append(
            ChartLine(f"{name}: best at {share(best['contacted'], 0)}, {significant(best['profit'])}", points, i)
        )
    if not lines:
        return None
    economics = next(iter(found.values()))["profit"]["economics"]
    return Chart(
        "profit",
        "Profit",
        "The profit for a customer of the table, by how many are contacted, the most at risk first. "
        f"It assumes that a customer is worth {significant(economics['customer_value'])}, an offer costs "
        f"{significant(economics['offer_cost'])}, a contact {significant(economics['contact_cost'])}, and "
        f"{share(economics['acceptance'], 0)} of the churners accept.",
        ChartAxis("share of the customers contacted"),
        ChartAxis.around("profit for a customer", [y for line in lines for _, y in line.points]),
        lines,
        *_numbers(
            ("contacted", "profit"),
            {
                name: [(share(each["contacted"], 0), significant(each["profit"])) for each in report["profit"]["curve"]]
                for name, report in found.items()
            },
        ),
    )


def _reports(metrics: ByVersion, key: str) -> dict[str, Mapping[str, Any]]:
    """Return the evaluations that have this part."""
    found = {name: each.get("evaluation") or {} for name, each in metrics.items()}
    return {name: report for name, report in found.items() if report.get(key)}


def _figure(report: Mapping[str, Any], name: str) -> str:
    return f"{report['metrics'][name]['value']:.3f}"


def _points(report: Mapping[str, Any], across: str, up: str) -> Points:
    return [(point[across], point[up]) for point in report["operating_points"]]


def _cells(report: Mapping[str, Any], *names: str) -> list[NumberCells]:
    return [tuple(share(point[name]) for name in names) for point in report["operating_points"]]


def _tenths(deciles: Sequence[Mapping[str, Any]]) -> Iterator[NumberCells]:
    for i, group in enumerate(deciles, start=1):
        lifted = number(group["lift"], 2)
        yield str(i), share(group["predicted"]), share(group["observed"]), lifted, share(group["gain"])


def _numbers(heads: NumberCells, tables: Mapping[str, Sequence[NumberCells]]) -> tuple[NumberCells, list[NumberCells]]:
    """Return the headings and rows of one table; where there are several versions, their names come first."""
    if len(tables) == 1:
        return heads, [row for rows in tables.values() for row in rows]
    return ("version", *heads), [(name, *row) for name, rows in tables.items() for row in rows]
