"""Trainings on the two tables of the gallery, and their reports."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ebb.customers import customers
from model.errors import DivergedError
from model.estimator import Fitting
from model.random import stream, uniform
from model.spec import parse_spec
from model.tables.reader import read_table
from model.training.trainer import EpochReport

Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Training:
    """One training: its epoch reports, ‖θ‖ after each, and its error if it diverged."""

    reports: tuple[EpochReport, ...]
    sizes: tuple[float, ...]
    diverged: DivergedError | None = None

    def series(self, name: str) -> list[float]:
        """Return one figure of every report."""
        return [getattr(report, name) for report in self.reports]

    @property
    def losses(self) -> list[float]:
        """The training loss of every epoch."""
        return self.series("train_loss")

    def kernel_norms(self, epoch: int = 1) -> list[float]:
        """The gradient norms of the dense layers, from the input to the output."""
        layers = self.reports[epoch - 1].layers
        assert layers is not None
        pairs = zip(layers.names, layers.gradient_norms, strict=True)
        return [norm for name, norm in pairs if name.endswith("weights")]

    def reaches(self, loss: float) -> int | None:
        """Return the first epoch whose training loss is below a number."""
        return next((report.epoch for report in self.reports if report.train_loss < loss), None)


def train(table: str, base: Changes, changes: Changes | None = None) -> Training:
    """Train the base spec with changes until it ends or diverges."""
    who = "customer_id" if table == "customers" else None
    rows = read_table(io.BytesIO(TABLES[table]().encode()), "csv")
    fitting = Fitting(rows, target="churned", id_column=who, spec=parse_spec({**base, **(changes or {})}))
    reports, sizes = [], []
    try:
        for report in fitting.epochs():
            reports.append(report)
            sizes.append(float(np.linalg.norm(fitting.checkpoint().arrays["values"])))
    except DivergedError as error:
        return Training(tuple(reports), tuple(sizes), error)
    return Training(tuple(reports), tuple(sizes))


@cache
def customers_csv() -> str:
    """The demonstration's 1,000 customers."""
    return customers(1000).to_csv()


@cache
def crossing_csv() -> str:
    """Return 1,000 customers who leave when price and usage are both high or both low: no single column predicts it."""
    price, usage = uniform(stream(0, 0), 2000).reshape(2, -1)
    leaves = price * usage > 0
    rows = [f"{50 + 50 * p:.2f},{50 + 50 * u:.2f},{int(c)}" for p, u, c in zip(price, usage, leaves, strict=True)]
    return "\n".join(["price,usage,churned", *rows]) + "\n"


TABLES = {"customers": customers_csv, "crossing": crossing_csv}
