"""Compares two estimators on one table: which customers cross the threshold, and which columns cause it.

An estimator is surer of rows that it has seen. So the changes are also counted on the rows that neither has seen.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from model.columns.cells import Scalar
from model.design import Floats
from model.estimator import Estimator
from model.scoring import ScoredChunk
from model.seen_rows import Mask


class ChangedContribution(NamedTuple):
    """The contribution of a column to a customer's log-odds by the new estimator, less that by the old one."""

    column: str
    value: Scalar
    change: float


@dataclass(frozen=True)
class ChangedCustomer:
    """A customer on different sides of the threshold by the two estimators.

    All changes of contributions and the change of the baseline's log-odds sum to the change of this customer's.
    """

    customer_id: Scalar
    probabilities: tuple[float, float]
    change: float
    contributions: tuple[ChangedContribution, ...]


@dataclass
class Changes:
    """Counts of customers who cross the threshold, and the sum of the changes of their probabilities."""

    rows: int = 0
    errors: int = 0
    to_leaving: int = 0
    to_staying: int = 0
    sum_of_changes: float = 0.0

    @property
    def mean_change(self) -> float:
        """The mean change of the churn probability of the scored customers."""
        scored = self.rows - self.errors
        return self.sum_of_changes / scored if scored else 0.0

    def add(self, fit: Mask, leaves: tuple[Mask, Mask], change: Floats) -> None:
        """Count rows. `fit` tells which could be scored, `leaves` who left before and who leaves now."""
        was, becomes = leaves
        self.rows += len(fit)
        self.errors += len(fit) - int(fit.sum())
        self.to_leaving += int((fit & ~was & becomes).sum())
        self.to_staying += int((fit & was & ~becomes).sum())
        self.sum_of_changes += float(change[fit].sum())


@dataclass
class Comparison:
    """The changes of customers under a new estimator. `unseen` counts those whom neither estimator has seen."""

    old: Estimator
    new: Estimator
    threshold: float
    most: int
    total: Changes = field(default_factory=Changes)
    unseen: Changes = field(default_factory=Changes)
    _heap: list[tuple[float, int, ChangedCustomer]] = field(default_factory=list)

    @property
    def changed(self) -> list[ChangedCustomer]:
        """The customers who crossed the threshold, by the change of their log-odds; ties in the order of the rows."""
        return [customer for *_, customer in sorted(self._heap, key=lambda entry: entry[:2], reverse=True)]

    @property
    def baseline_change(self) -> float:
        """The part of every change that no column explains: the difference of the baselines in log-odds."""
        return self.new.baseline_log_odds - self.old.baseline_log_odds

    def add(self, old: ScoredChunk, new: ScoredChunk, unseen: Mask | None) -> None:
        """Add rows that both estimators have scored; `unseen` tells whom neither has seen, where that is known."""
        fit = np.ones(len(old.ids), np.bool_)
        fit[[*old.problems, *new.problems]] = False
        was, becomes = old.probabilities >= self.threshold, new.probabilities >= self.threshold
        by = new.probabilities - old.probabilities
        rows = np.flatnonzero(fit & (was != becomes))
        change = self.new.log_odds(new.cells.take(rows)) - self.old.log_odds(old.cells.take(rows))
        largest = np.argsort(-np.abs(change), kind="stable")[: self.most]
        for customer, place in zip(self._customers(old, new, rows[largest], change[largest]), largest, strict=True):
            heapq.heappush(self._heap, (abs(customer.change), -self.total.rows - int(rows[place]), customer))
        while len(self._heap) > self.most:
            heapq.heappop(self._heap)
        self.total.add(fit, (was, becomes), by)
        if unseen is not None:
            self.unseen.add(fit[unseen], (was[unseen], becomes[unseen]), by[unseen])

    def _customers(
        self, old: ScoredChunk, new: ScoredChunk, rows: np.ndarray, change: Floats
    ) -> Iterator[ChangedCustomer]:
        before, after = old.cells.take(rows), new.cells.take(rows)
        changes = dict(zip(self.new.encoder.names, self.new.contributions(after).T, strict=True))
        for name, contributions in zip(self.old.encoder.names, self.old.contributions(before).T, strict=True):
            changes[name] = changes.get(name, 0.0) - contributions
        values = {name: cells.scalars() for name, cells in {**before.columns, **after.columns}.items()}
        for i, row in enumerate(rows):
            changed = [ChangedContribution(name, values[name][i], float(by[i])) for name, by in changes.items()]
            yield ChangedCustomer(
                customer_id=new.ids[row],
                probabilities=(float(old.probabilities[row]), float(new.probabilities[row])),
                change=float(change[i]),
                contributions=tuple(sorted(changed, key=lambda one: -abs(one.change))),
            )


def compare(  # noqa: PLR0913 - who, on what, and how much
    old: Estimator,
    new: Estimator,
    scored: Iterable[tuple[ScoredChunk, ScoredChunk]],
    *,
    threshold: float,
    most: int,
    unseen: Mask | None = None,
) -> Comparison:
    """Compare two estimators on chunks that both have scored; keep the `most` largest changes.

    Shapes: unseen (n,), the rows of all chunks that neither estimator has seen; None where that is not known.
    """
    found = Comparison(old, new, threshold, most)
    for by_old, by_new in scored:
        first = found.total.rows
        found.add(by_old, by_new, None if unseen is None else unseen[first : first + len(by_old.ids)])
    return found
