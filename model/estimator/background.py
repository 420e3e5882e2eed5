"""The background: the customers that reasons compare with, and how they are chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from model.columns import Table
from model.columns.cells import Cells, Scalar, Words
from model.columns.encoder import Encoder
from model.design import Floats, Integers
from model.errors import Problem, SpecError
from model.names import clipped
from model.network.blend import Blend
from model.network.kronrod import NODES
from model.network.network import Network
from model.network.terms import terms_of
from model.parsing import escape
from model.spec import Reasons

# How many customers represent all, by the weights that a path integral reads: a million take about 0.3 ms.
SIZES = ((16, 8e6), (8, 1e8), (4, np.inf))

Baseline = Literal["average", "stayer", "record", "typical"]


@dataclass(frozen=True, eq=False)
class Background:
    """The customers whose mean is the baseline.

    For the average they represent the training customers, and `customer` has typical values. Otherwise there is one,
    who has the values of `customer`: a typical customer who stayed, a record of the training spec, or the typical
    customer of earlier releases.

    Shapes: rows (m, d), encoded.
    """

    baseline: Baseline
    rows: Floats
    customer: Mapping[str, Scalar]

    @classmethod
    def of_customer(cls, encoder: Encoder, baseline: Baseline, customer: Mapping[str, Scalar]) -> "Background":
        """Return the background of one customer. A column that is left out has the typical value."""
        whole = {**encoder.baseline_customer(), **customer}
        table, _ = encoder.read({name: [value] for name, value in whole.items()}, 1)
        return cls(baseline, encoder.encode(table), whole)

    @classmethod
    def typical(cls, encoder: Encoder) -> "Background":
        """Return the background of the customer with medians and most frequent values."""
        return cls.of_customer(encoder, "typical", {})

    @classmethod
    def from_json(cls, raw: Mapping[str, Any] | None, rows: Floats, encoder: Encoder) -> "Background":
        """Return the background that `to_json` wrote; None stands for the typical customer of earlier releases."""
        if raw is None:
            return cls("typical", rows[None], encoder.baseline_customer())
        return cls(raw["baseline"], rows, raw["customer"])

    def to_json(self) -> dict[str, Any]:
        """Return the kind of the baseline, and the values of its customer."""
        return {"baseline": self.baseline, "customer": dict(self.customer)}


def check_baseline(reasons: Reasons, encoder: Encoder) -> None:
    """Refuse a record with unknown columns, or with values that the columns do not accept.

    Raises: SpecError.
    """
    if not isinstance(reasons.baseline, tuple):
        return
    record = dict(reasons.baseline)
    if unknown := [name for name in record if name not in encoder.names]:
        raise SpecError(
            Problem(f"/reasons/baseline/{escape(name)}", "unknown", f"no input column is called {clipped(name)!r}")
            for name in unknown
        )
    _, problems = encoder.read({name: [value] for name, value in record.items()}, 1)
    if found := problems.rows.get(0):
        raise SpecError(Problem(f"/reasons/baseline{each.pointer}", each.code, each.detail) for each in found)


def typical_values(encoder: Encoder, cells: Table) -> dict[str, Scalar]:
    """Return the median or most frequent value of each column; that of all training customers where all are missing."""
    names = zip(encoder.columns, (cells.columns[name] for name in encoder.names), strict=True)
    return {column.name: _middle(each, column.baseline_value) for column, each in names}


def _middle(cells: Cells, otherwise: Scalar) -> Scalar:
    known = np.flatnonzero(~cells.missing)
    if not len(known):
        return otherwise
    if isinstance(cells, Words):
        return cells.words[int(cells.counts().argmax())]
    return type(cells)(np.array([np.quantile(cells.values[known], 0.5, method="lower")])).scalar(0)


def representatives(network: Network | Blend, X: Floats, count: int) -> Integers:
    """Choose rows whose mean contributions are near those of all rows.

    Each next row brings the mean of the chosen ones as near as possible to the mean of all: in the network's inputs,
    weighted by its slopes there and by its mean slopes, and in the logit.

    Shapes: X (n, d); result (count,), or all rows if there are no more.
    Source: Welling, "Herding dynamical weights to learn", 2009; Chen, Welling & Smola, "Super-samples from kernel
    herding", 2010.
    """
    if len(X) <= count:
        return np.arange(len(X))
    away = _sketch(network, X)
    away -= away.mean(axis=0)
    total, chosen, free = np.zeros(away.shape[1]), np.zeros(count, np.intp), np.ones(len(X), np.bool_)
    for place in range(count):
        distance = np.square(total + away).sum(axis=1)
        chosen[place] = np.where(free, distance, np.inf).argmin()
        free[chosen[place]] = False
        total += away[chosen[place]]
    return chosen


def _sketch(network: Network | Blend, X: Floats) -> Floats:
    """Return numbers of each row on which its contributions depend nearly linearly."""
    logits, parts = np.zeros(len(X)), []
    for term in terms_of(network):
        inputs = term.lifted(X)
        z, slopes = term.network.slopes(inputs)
        logits += term.weight * z
        parts += [term.weight * inputs * np.sqrt(np.square(slopes).mean(axis=0)), term.weight * inputs * slopes]
    return np.hstack([*parts, logits[:, None]])


def background_size(network: Network | Blend) -> int:
    """Return how many customers represent all: fewer for networks whose path integrals cost much."""
    cost = path_cost(network)
    return next(size for size, most in SIZES if cost <= most)


def path_cost(network: Network | Blend) -> int:
    """Return about how many weights one path integral reads.

    Quadrature reads all weights at each node. For piecewise-linear networks it is about four times at each kink, and
    a path meets most of them.
    """
    total = 0
    for term in terms_of(network):
        own = term.network
        kinks = own.activation_pattern(np.zeros((1, own.inputs))).shape[1] if own.kinked else 0
        total += own.size * max(own.members * len(NODES), 4 * kinks)
    return total
