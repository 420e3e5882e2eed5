"""The gate: a bootstrap test whether a candidate beats the champion on rows that neither has seen.

Source: Efron, Tibshirani: An Introduction to the Bootstrap, 1993, chapter 13 (percentile intervals), over pairs.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.design import Floats
from model.errors import ColumnError, FileError, TableError
from model.evaluation.full_report import FEWEST_OF_OUTCOME, FEWEST_ROWS, too_few
from model.metrics import auc, log_loss, log_losses
from model.random import stream
from model.seen_rows import Mask
from model.unseen import Contender, Unseen, labelled_rows, unseen_by_both

RESAMPLES = 1_000
FEWEST = 200
MOST_DRAWS = 200_000_000  # of single rows: with very many rows, fewer resamples are as precise
BLOCK = 1 << 21
PURPOSE = 0x6A7E

Difference = Callable[[NDArray[np.int64]], float]


@dataclass(frozen=True)
class Gate:
    """The condition for "better": a metric, a margin and a confidence.

    Units: margin in those of the metric: nats, or a share of pairs.
    """

    metric: str = "log_loss"
    margin: float = 0.0
    confidence: float = 0.95


@dataclass(frozen=True)
class GateResult:
    """The result of a candidate. The difference and its interval are above zero if the candidate is better."""

    gate: Gate
    champion: float
    candidate: float
    difference: float
    interval: tuple[float, float]
    resamples: int
    rows: int

    @property
    def verdict(self) -> str:
        """The verdict for programs."""
        return "better" if self.better else "not_better"

    @property
    def better(self) -> bool:
        """Whether the whole interval is above the margin."""
        return self.interval[0] > self.gate.margin

    @property
    def reason(self) -> str:
        """The reason why the candidate passes or fails."""
        return f"on {self.rows:,} rows that neither has seen, {self._change}"

    @property
    def _change(self) -> str:
        low, high = self.interval
        sure = f"{self.gate.confidence:.0%}: {low:.4g} to {high:.4g}"
        if self.difference <= 0.0:
            change = f"worse by {-self.difference:.4g}" if self.difference else "no better"
            return f"{self.gate.metric} is {change} (difference, {sure}; above zero is better)"
        change = f"{self.gate.metric} is better by {self.difference:.4g} ({sure})"
        surely = "more" if self.better else "not surely more"
        return f"{change}, which is {surely} than the margin of {self.gate.margin:g}"

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of a job's result."""
        return {
            "metric": self.gate.metric,
            "margin": self.gate.margin,
            "confidence": self.gate.confidence,
            "champion": self.champion,
            "candidate": self.candidate,
            "difference": self.difference,
            "interval": list(self.interval),
            "resamples": self.resamples,
            "verdict": self.verdict,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class CannotTell:
    """The result of a candidate that cannot be compared, because too few rows are left that neither has seen."""

    gate: Gate
    reason: str
    verdict: ClassVar[str] = "cannot_tell"
    better: ClassVar[bool] = False

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of a job's result."""
        return {**vars(self.gate), "verdict": self.verdict, "reason": self.reason}


def judge(unseen: Unseen, gate: Gate, seed: int, remedy: str) -> GateResult | CannotTell:
    """Compare champion and candidate on rows that neither has seen. `remedy` says what to do if there are too few."""
    rows, churned = unseen.rows, unseen.churned
    if too_few(unseen.y):
        left = f"cannot tell: {unseen.account}; {rows:,} are left, of which {churned:,} churned"
        needed = f"needed are {FEWEST_ROWS} rows with {FEWEST_OF_OUTCOME} of each outcome"
        return CannotTell(gate, f"{left}, and {needed}: {remedy}")
    return evaluate_gate(unseen.y, unseen.champion, unseen.candidate, gate, seed)


def judge_table(
    read: Callable[[], Iterable[Table]], target: str, champion: Contender, candidate: Contender, seed: int
) -> tuple[Mask | None, GateResult | CannotTell, Mapping[str, Any]]:
    """Compare on the rows of a table that neither has seen.

    Return which rows these are, None where that is not known; the result; and the counts of rows. `read` returns the
    chunks of the table; its target is empty if it has none.
    """
    which, gate = None, Gate()
    try:
        which = unseen_by_both(read(), champion, candidate)
        if not target:
            return which, CannotTell(gate, "cannot tell: the dataset has no target"), {}
        unseen = labelled_rows(read(), target, champion, candidate)
        remedy = "name a labelled dataset with more customers that are in neither training table"
        return which, judge(unseen, gate, seed, remedy), unseen.to_json()
    except (TableError, ColumnError, FileError) as error:
        return which, CannotTell(gate, f"cannot tell: {error}"), {}


def evaluate_gate(y: Floats, champion: Floats, candidate: Floats, gate: Gate, seed: int) -> GateResult:
    """Compare the log-odds of champion and candidate on the same rows. The seed sets the resamples.

    Shapes: y, champion and candidate (n,).

    Raises: ValueError when the metric is not defined for these rows.
    """
    measure, make = METRICS[gate.metric]
    theirs, ours = measure(y, champion), measure(y, candidate)
    difference = make(y, champion, candidate)
    resamples = min(RESAMPLES, max(FEWEST, MOST_DRAWS // len(y)))
    found = [difference(rows) for rows in _drawn(len(y), resamples, seed)]
    tail = (1.0 - gate.confidence) / 2.0
    low, high = np.quantile(found, (tail, 1.0 - tail)).tolist()
    better = theirs - ours if measure is log_loss else ours - theirs
    return GateResult(gate, theirs, ours, better, (low, high), resamples, len(y))


def _drawn(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield resamples of n rows, drawn with replacement."""
    bits, at_once = stream(seed, PURPOSE), max(1, BLOCK // n)
    for start in range(0, resamples, at_once):
        count = min(at_once, resamples - start)
        raw = bits.random_raw(count * n) >> np.uint64(32)
        rows = ((raw * np.uint64(n)) >> np.uint64(32)).astype(np.int64)
        yield from rows.reshape(count, n)


def _by_log_loss(y: Floats, champion: Floats, candidate: Floats) -> Difference:
    better = log_losses(y, champion) - log_losses(y, candidate)
    return lambda rows: float(better[rows].mean())


def _by_auc(y: Floats, champion: Floats, candidate: Floats) -> Difference:
    ranks = [np.unique(z, return_inverse=True)[1] for z in (champion, candidate)]

    def area(rank: NDArray[np.int64], left: Floats, stayed: Floats) -> float:
        churned, others = np.bincount(rank, left), np.bincount(rank, stayed)
        below = np.cumsum(others) - others / 2.0
        return float(np.dot(churned, below) / (left.sum() * stayed.sum()))

    def difference(rows: NDArray[np.int64]) -> float:
        counts = np.bincount(rows, minlength=len(y))
        left, stayed = counts * y, counts * (1.0 - y)
        if not left.any() or not stayed.any():
            return 0.0  # a resample of one outcome has no AUC
        return area(ranks[1], left, stayed) - area(ranks[0], left, stayed)

    return difference


METRICS: dict[str, tuple[Callable[[Floats, Floats], float], Callable[[Floats, Floats, Floats], Difference]]] = {
    "log_loss": (log_loss, _by_log_loss),
    "auc": (auc, _by_auc),
}
