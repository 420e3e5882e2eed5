"""The output of the demonstration: epochs, reasons and figures."""

import io

import numpy as np
import pytest
from rich.console import Console

from ebb.answers import ColumnContribution, Epoch, Job, Progress
from ebb.customers import customers
from ebb.demo.evaluation import compare, reliability
from ebb.demo.reasons import describe_reason, raised_and_lowered
from ebb.demo.spec import DEMO_SPEC
from ebb.demo.tables import print_at_risk, print_quality
from ebb.display import BarDisplay, LineDisplay, display_on
from model.spec import parse_spec
from tests.ebb.findings import make_findings

RUNNING = Job("j1", "training", "running", progress=Progress(3, 40, "epoch"))


def epochs(count: int) -> list[Epoch]:
    return [Epoch(number, 0.01, 0.5, 0.6) for number in range(1, count + 1)]


def plain_console() -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=80), written


def test_the_spec_is_one_the_model_accepts() -> None:
    assert parse_spec(DEMO_SPEC).to_json()["layers"] == [8, 4]


def test_without_a_terminal_every_tenth_epoch_and_the_last_get_a_line() -> None:
    console, written = plain_console()
    with display_on(console) as display:
        assert isinstance(display, LineDisplay)
        display.show(RUNNING, epochs(4))
        display.show(RUNNING, epochs(15))
        display.show(RUNNING, epochs(15))
        display.show(Job("j1", "training", "succeeded"), epochs(23))
    lines = written.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["1:", "10:", "20:", "23:"]
    for part in ("learning rate 0.0100", "loss 0.5000", "validation 0.6000"):
        assert all(part in line for line in lines)


def test_on_a_terminal_a_bar_shows_epochs_rate_and_losses() -> None:
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=True)
    with display_on(console) as display:
        assert isinstance(display, BarDisplay)
        display.show(RUNNING, [])
        display.show(RUNNING, epochs(3))
    shown = written.getvalue()
    for part in ("3/40", "rate 0.0100, loss 0.5000 (validation 0.6000)"):
        assert part in shown


@pytest.mark.parametrize(
    ("reason", "seen", "odds"),
    [
        (ColumnContribution("months", 1, 1.0, "months with us: 1"), "months with us: 1", "2.7"),
        (ColumnContribution("months", 30, -1.0, "months with us: 30"), "months with us: 30", "0.37"),
        (ColumnContribution("monthly_charge", 9.99, 0.0, "pays $9.99 a month"), "pays $9.99 a month", "1.0"),
        (ColumnContribution("usage_hours", None, 5.0, "viewing time is unknown"), "viewing time is unknown", "148.4"),
    ],
)
def test_reasons_are_printed_in_words_with_their_factor(reason: ColumnContribution, seen: str, odds: str) -> None:
    assert (describe_reason(reason).observed, describe_reason(reason).odds) == (seen, odds)


def test_raising_and_lowering_reasons_are_separate_the_largest_first() -> None:
    found = {"a": 0.1, "b": -0.3, "c": 0.5}
    reasons = [ColumnContribution(name, 1, by, f"{name} is 1") for name, by in found.items()]
    raised, lowered = raised_and_lowered(reasons)
    assert [text.observed for text in raised] == ["c is 1", "a is 1"]
    assert [text.observed for text in lowered] == ["b is 1"]


def test_true_probabilities_leave_no_gap_and_constant_ones_the_whole_gap() -> None:
    fresh = customers(20_000, seed=5, known=())
    assert compare(fresh, fresh.probability).gap == 0
    blind = compare(fresh, np.full(len(fresh), 0.5))
    assert blind.version.auc == pytest.approx(0.5)
    assert blind.gap > 0.3


def test_reliability_intervals_cover_the_truth_of_a_calibrated_version() -> None:
    fresh = customers(40_000, seed=6, known=())
    groups = reliability(fresh.churned.astype(np.float64), fresh.probability)
    assert sum(group.rows for group in groups) == 40_000
    covered = sum(group.low <= group.predicted <= group.high for group in groups)
    assert covered >= 17


def test_the_tables_fit_in_80_columns_of_ascii_words() -> None:
    console, written = plain_console()
    findings = make_findings()
    print_at_risk(findings, console)
    print_quality(findings.evaluation, console)
    text = written.getvalue()
    assert f"{findings.evaluation.best.auc:.3f}" in text
    assert "months with us: 3 (x2.5)" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
