import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.metrics import auc, log_loss, reliability, roc_points


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=60))
def test_auc_counts_pairs_with_ties_as_half(rows):
    y = np.array([float(churned) for churned, _ in rows])
    scores = np.array([float(score) for _, score in rows])
    if y.min() == y.max():
        with pytest.raises(ValueError, match="both outcomes"):
            auc(y, scores)
        return
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[y == 1] for n in scores[y == 0]]
    assert auc(y, scores) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_log_loss_is_the_cross_entropy_and_finite_for_extreme_logits():
    z = np.array([-2.0, 0.3, 1.7])
    y = np.array([0.0, 1.0, 0.0])
    p = 1.0 / (1.0 + np.exp(-z))
    assert log_loss(y, z) == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-14)
    assert log_loss(np.array([0.0]), np.array([1e6])) == 1e6


def test_the_area_under_the_roc_points_is_the_auc():
    rng = np.random.default_rng(1)
    y = (rng.random(500) < 0.3).astype(float)
    scores = np.round(y + rng.normal(size=500), 1)
    x, t = np.array(roc_points(y, scores, most=500)).T
    assert np.trapezoid(t, x) == pytest.approx(auc(y, scores), abs=1e-12)


def test_reliability_groups_contain_all_rows_by_rising_risk():
    rng = np.random.default_rng(2)
    p = rng.random(1003)
    y = (rng.random(1003) < p).astype(float)
    groups = reliability(y, p)
    assert sum(group["rows"] for group in groups) == 1003
    predicted = [group["predicted"] for group in groups]
    assert predicted == sorted(predicted)
    assert all(abs(group["predicted"] - group["observed"]) < 0.2 for group in groups)
