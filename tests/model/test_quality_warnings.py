"""Warnings about a version: a leak, no gain over the base rate or over logistic regression, too few epochs."""

import numpy as np
import pytest

from model.columns import Flags, Numbers, Table, Words
from model.evaluation import warnings_of
from tests.model.fitted import fit, home_table

ENOUGH = {"epochs": 60, "optimizer": {"learning_rate": 0.01}}


def small_table(n: int = 200, seed: int = 0) -> Table:
    """Draw a small table whose outcome is nearly linear in its columns, at which a short training loses."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 4))
    y = (X @ np.array([2.0, -1.5, 1.0, 0.0]) + 0.3 * rng.normal(size=n) > 1.0).astype(float)
    return Table({**{f"x{i}": Numbers(X[:, i]) for i in range(4)}, "churned": Flags(y)}, n)


def leaking_table(n: int = 600) -> Table:
    """Draw a table with a reason of leaving, which only customers who left have, and which no pair of rows shares."""
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.3).astype(float)
    closed = np.where(y == 1.0, rng.random(n) + 1.0, np.nan)
    return Table({"x": Numbers(rng.normal(size=n)), "closed on": Numbers(closed), "churned": Flags(y)}, n)


def found(table: Table, **spec) -> dict[str, dict]:
    return {warning["code"]: warning for warning in warnings_of(fit(table, **spec).estimator().metrics)}


def test_a_small_table_that_is_undertrained_is_told_with_both_figures() -> None:
    fitting = fit(small_table(), epochs=10)
    metrics = fitting.estimator().metrics
    told = {warning["code"]: warning["detail"] for warning in warnings_of(metrics)}
    assert set(told) == {"no_better_than_base_rate", "logistic_regression_is_better", "still_improving"}
    report = metrics["evaluation"]
    other, own = report["beside"]["logistic_regression"]["log_loss"], report["metrics"]["log_loss"]["value"]
    figures = f"log loss {other:.4f} against {own:.4f}"
    assert figures in told["logistic_regression_is_better"]


def test_a_good_model_of_the_home_case_has_no_warning() -> None:
    assert found(home_table(3_000), id_column="customer_id", **ENOUGH) == {}


def test_a_leak_names_the_column_that_alone_explains_it() -> None:
    leak = found(leaking_table(), **ENOUGH)["leak"]
    assert leak["column"] == "closed on"
    assert "column 'closed on' alone has 1.000" in leak["detail"]


def test_a_leak_of_several_columns_together_names_none() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 2, 2_000) for _ in range(2))
    columns = {name: Words.of([("no", "yes")[i] for i in values]) for name, values in (("a", a), ("b", b))}
    table = Table({**columns, "churned": Flags((a ^ b).astype(float))}, 2_000)
    leak = found(table, **ENOUGH)["leak"]
    assert leak["column"] is None
    assert "no single column explains it" in leak["detail"]


def test_a_table_of_noise_is_no_better_than_the_base_rate() -> None:
    rng = np.random.default_rng(0)
    table = Table({"x": Numbers(rng.normal(size=500)), "churned": Flags((rng.random(500) < 0.3).astype(float))}, 500)
    assert "no_better_than_base_rate" in found(table)


@pytest.mark.parametrize("schedule", [{"name": "constant"}, {"name": "cosine"}])
def test_more_epochs_are_advised_only_where_the_last_was_the_best(schedule: dict[str, str]) -> None:
    assert "still_improving" in found(small_table(), epochs=5, schedule=schedule)
    assert "still_improving" not in found(small_table(), epochs=5, schedule=schedule, early_stopping=None)
    stopped = {"epochs": 400, "optimizer": {"learning_rate": 0.1}, "early_stopping": {"patience": 3}}
    assert "still_improving" not in found(small_table(), schedule=schedule, **stopped)


def test_other_targets_and_versions_of_earlier_releases_have_no_warnings() -> None:
    assert warnings_of({}) == []
    assert warnings_of({"evaluation": None}) == []
