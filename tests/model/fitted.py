"""Estimators with a short training, for tests."""

import io

import numpy as np

from ebb.customers import customers
from model.columns import Flags, Numbers, Table, Words
from model.estimator import Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

SCALES = {"months": 60, "monthly_charge": 160, "support_tickets": 10, "usage_hours": 100}
FIXED = {name: {"scale": scale} for name, scale in SCALES.items()}


def fit(table: Table, target: str = "churned", id_column: str | None = None, **spec) -> Fitting:
    fitting = Fitting(table, target=target, id_column=id_column, spec=parse_spec({"epochs": 8, **spec}))
    for _ in fitting.epochs():
        pass
    return fitting


def home_table(n: int = 400, seed: int = 0) -> Table:
    return read_table(io.BytesIO(customers(n, seed).to_csv().encode()), "csv")


def mixed_table(n: int = 300) -> Table:
    rng = np.random.default_rng(3)
    y = rng.random(n) < 0.3
    months = rng.integers(1, 61, n) + 5.0 * ~y
    months[rng.random(n) < 0.1] = np.nan
    plan = rng.choice(["basic", "family", "student", "odd"], n, p=[0.5, 0.3, 0.19, 0.01])
    return Table(
        {
            "months": Numbers(months),
            "plan": Words.of(plan.tolist()),
            "auto_pay": Flags(rng.integers(0, 2, n).astype(float)),
            "constant": Numbers(np.ones(n)),
            "churned": Flags(y.astype(float)),
        },
        n,
    )
