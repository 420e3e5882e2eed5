"""Measures the gap of 4-8-4-1 to the best possible AUC on 1,000 customers, over data and training seeds.

python benchmarks/home_case.py [DATA_SEEDS] [TRAINING_SEEDS]
"""

import io
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from ebb.customers import customers
from ebb.demo.spec import DEMO_SPEC
from model.columns import Table
from model.estimator import Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

SCALES = {"months": 60, "monthly_charge": 160, "support_tickets": 10, "usage_hours": 100}
FIXED = {"columns": {name: {"scale": scale} for name, scale in SCALES.items()}}
RATE = {"optimizer": {"name": "adam", "learning_rate": 0.005}}
SPECS: dict[str, dict[str, Any]] = {
    "every default": {},
    "rate 0.005": RATE,
    "rate 0.005, Glorot, best of 4": {**RATE, "initializer": "glorot", "restarts": 4},
    "rate 0.005, fixed scales": {**RATE, **FIXED},
    "rate 0.005, fixed scales, 4 members": {**RATE, **FIXED, "members": 4},
    "rate 0.005, fixed scales, 8 members": {**RATE, **FIXED, "members": 8},
    "the demonstration's": DEMO_SPEC,
}
FRESH = customers(100_000, 987_654, known=())


def expected_auc(scores: np.ndarray) -> float:
    """Return the expected AUC on new customers, over the outcomes of their true probabilities."""
    p = FRESH.probability[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(p) * (1.0 - p)).sum() / (p.sum() * (1.0 - p).sum()))


def gaps(tables: list[Table], spec: dict[str, Any], seeds: int) -> Iterator[float]:
    """Return the gap of each estimator to the best possible AUC."""
    best = expected_auc(FRESH.probability)
    columns = {name: np.array(values, float) for name, values in FRESH.columns().items() if name in SCALES}
    for table in tables:
        for seed in range(seeds):
            parsed = parse_spec({**spec, "seed": seed * 100})
            fitting = Fitting(table, target="churned", id_column="customer_id", spec=parsed)
            for _ in fitting.epochs():
                pass
            yield best - expected_auc(fitting.estimator().log_odds(columns, len(FRESH)))


def main() -> None:
    """Print one line for each spec."""
    data_seeds, seeds = (int(argument) for argument in (*sys.argv[1:], *("100", "1")[len(sys.argv) - 1 :]))
    tables = [read_table(io.BytesIO(customers(1000, seed).to_csv().encode()), "csv") for seed in range(data_seeds)]
    print(f"best possible AUC {expected_auc(FRESH.probability):.4f}; {data_seeds} tables × {seeds} training seeds")
    print(f"{'spec':<40} {'mean gap':>9} {'median':>7} {'p99':>7} {'worst':>7} {'> 0.025':>8} {'s a fit':>8}")
    for name, spec in SPECS.items():
        started = time.perf_counter()
        found = np.array(list(gaps(tables, spec, seeds)))
        seconds = (time.perf_counter() - started) / len(found)
        figures = f"{found.mean():>9.4f} {np.median(found):>7.4f} {np.quantile(found, 0.99):>7.4f} {found.max():>7.4f}"
        print(f"{name:<40} {figures} {np.mean(found > 0.025):>8.1%} {seconds:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
