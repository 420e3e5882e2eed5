"""The home case: 1,000 customers of a streaming service, 4-8-4-1."""

import io

import numpy as np
import pytest

from ebb.customers import customers
from model.estimator import Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

HOME_SPEC = {
    "layers": [8, 4],
    "batch_size": 32,
    "epochs": 100,
    "optimizer": {"name": "adam", "learning_rate": 0.005},
    "members": 4,
    "columns": {
        "months": {"scale": 60},
        "monthly_charge": {"scale": 160},
        "support_tickets": {"scale": 10},
        "usage_hours": {"scale": 100},
    },
}


def expected_auc(scores: np.ndarray, probability: np.ndarray) -> float:
    """Return the expected AUC of scores over outcomes drawn from the true probabilities."""
    p = probability[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(p) * (1.0 - p)).sum() / (p.sum() * (1.0 - p).sum()))


@pytest.mark.parametrize(("data_seed", "seed"), [(0, 0), (1, 7), (2, 3), (3, 1), (4, 12), (42, 42), (2024, 5), (7, 99)])
def test_the_estimator_comes_within_0_025_auc_of_the_optimum(data_seed, seed):
    table = read_table(io.BytesIO(customers(1000, data_seed).to_csv().encode()), "csv")
    spec = parse_spec({**HOME_SPEC, "seed": seed})
    fitting = Fitting(table, target="churned", id_column="customer_id", spec=spec)
    for _ in fitting.epochs():
        pass
    fresh = customers(100_000, 10_000 + data_seed, known=())
    columns = {name: values for name, values in fresh.columns().items() if name != "customer_id"}
    scores = fitting.estimator().log_odds(columns, len(fresh))
    assert expected_auc(fresh.probability, fresh.probability) - expected_auc(scores, fresh.probability) <= 0.025
