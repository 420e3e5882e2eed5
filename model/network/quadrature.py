"""The path integral of networks that are not piecewise linear: adaptive quadrature.

The path from base to row is cut into panels, and each panel gets a Gauss–Kronrod rule. The exact integral of the
gradient along a panel is the difference of the logits at its ends, so the error of the rule's sum is known. A panel
with too large an error is cut again: at the kinks of (leaky) ReLUs within it, where the gradient jumps and quadrature
converges slowly, else in the middle. Bisection finds the kinks. The error that is left of a panel's sum is spread over
its contributions in proportion to their size. The cuts and the contributions of a row depend on that row alone.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.design import Floats, Integers
from model.network.kronrod import GAUSS, NODES, WEIGHTS

BLOCK = 64  # paths of a block: limits the memory
CLOSE = 1e-7  # the largest error of a panel's logit difference, relative to the size of the logits, at least 1
ROUGH = 1e-6  # the largest difference of a contribution between the rules of 7 and 15 nodes, relative likewise
MOST_PANELS = 256  # of one row: from then on all panels are accepted
BISECTIONS = 36  # locate a kink to 1e-11 of the distance between two nodes
NUDGE = 1e-9  # the distance from the ends of a panel within which no kink is searched: the ends may be kinks


class Integrand(Protocol):
    """A network with one logit, or any function like it."""

    def logits(self, X: Floats) -> Floats:
        """Return z, (n, d) to (n,)."""

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        """Return z and ∂z/∂x, (n, d) to (n,) and (n, d)."""

    def activation_pattern(self, X: Floats) -> NDArray[np.bool_]:
        """Return the side of its kink on which each unit is, (n, d) to (n, units)."""


@dataclass(frozen=True)
class Paths:
    """Straight paths from bases to rows.

    Shapes: starts (n, d), the bases; steps (n, d), from base to row.
    """

    starts: Floats
    steps: Floats

    def points(self, rows: Integers, times: Floats) -> Floats:
        """Return the points of the paths of these rows at these times.

        Shapes: rows (p,); times (p, m); result (p · m, d).
        """
        rows = rows.repeat(times.shape[1])
        return np.asarray(self.starts[rows] + times.reshape(-1, 1) * self.steps[rows])


@dataclass(frozen=True)
class Panels:
    """Parts of paths: the row, the times of both ends, and the logits at both ends. Shapes: all (p,)."""

    rows: Integers
    start: Floats
    stop: Floats
    low: Floats
    high: Floats

    def times(self, nodes: Floats) -> Floats:
        """Return the times of nodes between −1 (start) and 1 (stop): (m,) to (p, m)."""
        half = (self.stop - self.start)[:, None] / 2
        return np.asarray(self.start[:, None] + half * (1 + nodes))

    def only(self, chosen: NDArray[np.bool_]) -> "Panels":
        """Return the chosen panels."""
        times = self.start[chosen], self.stop[chosen]
        return Panels(self.rows[chosen], *times, self.low[chosen], self.high[chosen])

    def cut(self, owners: Integers, times: Floats, logits: Floats) -> "Panels":
        """Return the panels between the cuts. `owners` are the panels that are cut; cuts are sorted by row and time."""
        parents = np.sort(np.concatenate([np.arange(len(self.rows)), owners]))
        first = np.append(True, parents[1:] != parents[:-1])
        last = np.append(first[1:], True)
        start, stop, low, high = self.start[parents], self.stop[parents], self.low[parents], self.high[parents]
        start[~first], stop[~last] = times, times
        low[~first], high[~last] = logits, logits
        return Panels(self.rows[parents], start, stop, low, high)


def quadrature_contributions(integrand: Integrand, kinked: bool, bases: Floats, X: Floats) -> Floats:
    """Return the contribution of every feature, averaged over the bases.

    `kinked` tells whether the integrand has kinks.

    Shapes: bases (m, d); X (n, d); result (n, d).
    """
    result, many = np.zeros(X.shape), len(bases)
    low, high = integrand.logits(bases), integrand.logits(X)
    for start in range(0, len(X) * many, BLOCK):
        rows, each = np.divmod(np.arange(start, min(start + BLOCK, len(X) * many)), many)
        paths = Paths(bases[each], X[rows] - bases[each])
        np.add.at(result, rows, _integrals(integrand, kinked, paths, low[each], high[rows]))
    return np.asarray(result / many)


def _integrals(integrand: Integrand, kinked: bool, paths: Paths, low: Floats, high: Floats) -> Floats:
    """Return the contributions on each path, from the logits at its ends."""
    count = len(low)
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1.0)
    result, taken = np.zeros_like(paths.steps), np.zeros(count, np.intp)
    panels = Panels(np.arange(count), np.zeros(count), np.ones(count), low, high)
    while True:
        by_panel, doubt = _measured(integrand, paths, panels)
        missed = panels.high - panels.low - _row_sums(by_panel)
        np.add.at(taken, panels.rows, 1)
        limit = size[panels.rows]
        good = (np.abs(missed) <= CLOSE * limit) & (doubt <= ROUGH * limit) | (taken[panels.rows] >= MOST_PANELS)
        np.add.at(result, panels.rows[good], _completed(by_panel[good], missed[good]))
        if good.all():
            return result
        panels = _cut(integrand, kinked, paths, panels.only(~good))


def _measured(integrand: Integrand, paths: Paths, panels: Panels) -> tuple[Floats, Floats]:
    """Return the contribution of each feature on each panel, (p, d), and the difference of the two rules, (p,)."""
    _, slopes = integrand.slopes(paths.points(panels.rows, panels.times(NODES)))
    slopes = slopes.reshape(len(panels.rows), len(NODES), -1)
    fine, apart = np.zeros((2, len(panels.rows), slopes.shape[2]))
    # One by one: NumPy sums a single row in another order than several rows.
    for node, (weight, coarse) in enumerate(zip(WEIGHTS, GAUSS, strict=True)):
        fine += weight * slopes[:, node]
        apart += (weight - coarse) * slopes[:, node]
    lengths = (panels.stop - panels.start)[:, None] / 2 * paths.steps[panels.rows]
    return fine * lengths, np.abs(apart * lengths).max(axis=1, initial=0.0)


def _completed(by_panel: Floats, missed: Floats) -> Floats:
    """Return contributions whose sum is larger by what the rule missed."""
    sizes = np.abs(by_panel)
    total = _row_sums(sizes)
    return np.asarray(by_panel + sizes * (missed / np.where(total > 0.0, total, 1.0))[:, None])


def _row_sums(a: Floats) -> Floats:
    total = np.zeros(len(a))
    for column in a.T:
        total += column
    return total


def _cut(integrand: Integrand, kinked: bool, paths: Paths, panels: Panels) -> Panels:
    """Cut panels at the kinks within them. Cut panels without a kink in the middle."""
    owners, times = _kinks(integrand, paths, panels) if kinked else (np.arange(0), np.empty(0))
    whole = np.setdiff1d(np.arange(len(panels.rows)), owners)
    owners = np.concatenate([owners, whole])
    times = np.concatenate([times, panels.times(np.zeros(1))[whole, 0]])
    order = np.lexsort((times, owners))
    owners, times = owners[order], times[order]
    return panels.cut(owners, times, integrand.logits(paths.points(panels.rows[owners], times[:, None])))


def _kinks(integrand: Integrand, paths: Paths, panels: Panels) -> tuple[Integers, Floats]:
    """Return the panels with kinks and the times of the kinks: one between nodes of different activation patterns."""
    times = panels.times(np.array([NUDGE - 1, *NODES, 1 - NUDGE]))
    patterns = integrand.activation_pattern(paths.points(panels.rows, times)).reshape(*times.shape, -1)
    owners, gaps = np.nonzero((patterns[:, 1:] != patterns[:, :-1]).any(axis=2))
    before, after, pattern = times[owners, gaps], times[owners, gaps + 1], patterns[owners, gaps]
    for _ in range(BISECTIONS):
        middle = (before + after) / 2
        found = integrand.activation_pattern(paths.points(panels.rows[owners], middle[:, None]))
        same = (found == pattern).all(axis=1)
        before, after = np.where(same, middle, before), np.where(same, after, middle)
    return owners, after
