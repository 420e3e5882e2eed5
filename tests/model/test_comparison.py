"""Comparison of two estimators: it finds every customer who crosses the threshold, and the shares add up."""

import io

import numpy as np
import pytest

from ebb.customers import customers
from model.comparison import Comparison, compare
from model.estimator import Estimator
from model.scoring import score_file
from tests.model.fitted import fit, home_table

N = 500
CSV = customers(N, seed=5).to_csv().encode()


@pytest.fixture(scope="module")
def pair() -> tuple[Estimator, Estimator]:
    first = fit(home_table(), id_column="customer_id", seed=1).estimator()
    second = fit(home_table(seed=2), id_column="customer_id", columns={"usage_hours": {"drop": True}}).estimator()
    return first, second


def compared(old: Estimator, new: Estimator, data: bytes = CSV, most: int = N) -> Comparison:
    scored = zip(score_file(old, io.BytesIO(data), "csv"), score_file(new, io.BytesIO(data), "csv"), strict=True)
    return compare(old, new, scored, threshold=0.3, most=most)


def probabilities(estimator: Estimator) -> np.ndarray:
    return np.concatenate([scored.probabilities for scored in score_file(estimator, io.BytesIO(CSV), "csv")])


def test_all_customers_who_cross_the_threshold_are_counted_and_listed(pair: tuple[Estimator, Estimator]) -> None:
    old, new = pair
    before, after = probabilities(old), probabilities(new)
    found = compared(old, new)
    assert found.total.to_leaving == ((before < 0.3) & (after >= 0.3)).sum() > 0
    assert found.total.to_staying == ((before >= 0.3) & (after < 0.3)).sum() > 0
    assert len(found.changed) == found.total.to_leaving + found.total.to_staying
    assert found.total.mean_change == pytest.approx((after - before).mean(), abs=1e-12)
    assert (found.total.rows, found.total.errors) == (N, 0)
    for customer in found.changed:
        row = int(str(customer.customer_id).split("-")[1]) - 1
        assert customer.probabilities == (before[row], after[row])


def test_contributions_and_baseline_sum_to_the_change(pair: tuple[Estimator, Estimator]) -> None:
    found = compared(*pair)
    for customer in found.changed:
        total = sum(one.change for one in customer.contributions) + found.baseline_change
        assert total == pytest.approx(customer.change, abs=1e-12)
        assert {one.column for one in customer.contributions} == set(pair[0].encoder.names)
        sizes = [abs(one.change) for one in customer.contributions]
        assert sizes == sorted(sizes, reverse=True)


def test_the_largest_of_many_changes_are_listed(pair: tuple[Estimator, Estimator]) -> None:
    every = compared(*pair)
    assert compared(*pair, most=5).changed == every.changed[:5]
    sizes = [abs(customer.change) for customer in every.changed]
    assert sizes == sorted(sizes, reverse=True)


def test_an_estimator_compared_with_itself_has_no_changes(pair: tuple[Estimator, Estimator]) -> None:
    found = compared(pair[0], pair[0])
    assert (found.total.to_leaving, found.total.to_staying, found.total.mean_change, found.changed) == (0, 0, 0.0, [])


def test_rows_that_cannot_be_scored_are_counted_and_left_out(pair: tuple[Estimator, Estimator]) -> None:
    lines = CSV.decode().splitlines()
    lines[1] = "c-x,many,1,2,3,0"
    found = compared(*pair, data="\n".join(lines).encode())
    assert (found.total.rows, found.total.errors) == (N, 1)
    assert "c-x" not in [customer.customer_id for customer in found.changed]
