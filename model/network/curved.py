"""The path integral of a network with curved activations: by quadrature, refined until it is exact to the eye.

The way from base to row is cut into panels, each with a Gauss–Kronrod rule. Along a panel the logit moves by exactly
what the gradient's integral says, and by how much the rule misses that is seen from the logits at the panel's ends. A
panel whose rule misses it is cut again: where units bend within it (the places are found by bisection, for the gradient
jumps there and no rule likes that), and else in the middle. Each row is cut by its own needs alone, so that its
contributions do not depend on its neighbours.
"""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.network.kronrod import GAUSS, NODES, WEIGHTS

BLOCK = 64  # rows that are worked on together: a matter of memory
EXACT = 1e-12  # by how much a panel may miss the logit's move, as a share of the logits' size, or of 1 for small ones
ROUGH = 1e-6  # by how much the contributions by 7 nodes may differ from those by 15, which are then about as good
MOST_PANELS = 256  # of one row: beyond, the panels are taken as they are
BISECTIONS = 36  # to find a bend to 1e-11 of the space between two nodes
NUDGE = 1e-9  # how far inside a panel to look for the bends just within its ends, which may be bends themselves
Integers: TypeAlias = NDArray[np.intp]


class Curve(Protocol):
    """What is integrated: a network, or anything else with one logit."""

    def logits(self, X: Floats) -> Floats:
        """Return z, (n, d) to (n,)."""

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        """Return z and ∂z/∂x, (n, d) to (n,) and (n, d)."""

    def sides(self, X: Floats) -> NDArray[np.bool_]:
        """Return on which side of its bend each unit is, (n, d) to (n, units)."""


@dataclass(frozen=True)
class Ways:
    """The straight ways from the base to some rows.

    Shapes: base (d,); steps (n, d), from base to row.
    """

    base: Floats
    steps: Floats

    def points(self, rows: Integers, times: Floats) -> Floats:
        """Return where the ways to these rows are at these times.

        Shapes: rows (p,); times (p, m); result (p · m, d).
        """
        rows = rows.repeat(times.shape[1])
        return np.asarray(self.base + times.reshape(-1, 1) * self.steps[rows])


@dataclass(frozen=True)
class Panels:
    """Pieces of ways: of which row, from when to when, and the logits at both ends. Shapes: all (p,)."""

    rows: Integers
    start: Floats
    stop: Floats
    low: Floats
    high: Floats

    def times(self, places: Floats) -> Floats:
        """Return the times at places from −1, the start, to 1, the stop: (m,) to (p, m)."""
        half = (self.stop - self.start)[:, None] / 2
        return np.asarray(self.start[:, None] + half * (1 + places))

    def only(self, chosen: NDArray[np.bool_]) -> "Panels":
        """Return the chosen panels."""
        times = self.start[chosen], self.stop[chosen]
        return Panels(self.rows[chosen], *times, self.low[chosen], self.high[chosen])

    def cut(self, owners: Integers, times: Floats, logits: Floats) -> "Panels":
        """Return the panels between cuts, given which panel each cut goes through, in the order of way and time."""
        parents = np.sort(np.concatenate([np.arange(len(self.rows)), owners]))
        first = np.append(True, parents[1:] != parents[:-1])
        last = np.append(first[1:], True)
        start, stop, low, high = self.start[parents], self.stop[parents], self.low[parents], self.high[parents]
        start[~first], stop[~last] = times, times
        low[~first], high[~last] = logits, logits
        return Panels(self.rows[parents], start, stop, low, high)


def curved_contributions(curve: Curve, bent: bool, base: Floats, X: Floats) -> Floats:
    """Return the contributions of every feature; `bent` tells whether some units have bends to look for.

    Shapes: base (d,); X (n, d); result (n, d).
    """
    blocks = [_block(curve, bent, base, X[start : start + BLOCK]) for start in range(0, len(X), BLOCK)]
    return np.concatenate([np.empty((0, X.shape[1])), *blocks])


def _block(curve: Curve, bent: bool, base: Floats, X: Floats) -> Floats:
    ways = Ways(base, X - base)
    low, high = np.repeat(curve.logits(base[None]), len(X)), curve.logits(X)
    size = np.maximum(np.maximum(np.abs(low), np.abs(high)), 1.0)
    result, taken = np.zeros_like(X), np.zeros(len(X), np.intp)
    panels = Panels(np.arange(len(X)), np.zeros(len(X)), np.ones(len(X)), low, high)
    while len(panels.rows):
        panels = _cut(curve, bent and bool(taken.any()), ways, panels)
        shares, doubt = _measured(curve, ways, panels)
        missed = np.abs(_row_sums(shares) - (panels.high - panels.low))
        np.add.at(taken, panels.rows, 1)
        limit = size[panels.rows]
        good = (missed <= EXACT * limit) & (doubt <= ROUGH * limit) | (taken[panels.rows] >= MOST_PANELS)
        np.add.at(result, panels.rows[good], shares[good])
        panels = panels.only(~good)
    return result


def _measured(curve: Curve, ways: Ways, panels: Panels) -> tuple[Floats, Floats]:
    """Return what each feature contributes within each panel, (p, d), and how far the two rules are apart, (p,)."""
    _, slopes = curve.slopes(ways.points(panels.rows, panels.times(NODES)))
    slopes = slopes.reshape(len(panels.rows), len(NODES), -1)
    fine, apart = np.zeros((2, len(panels.rows), slopes.shape[2]))
    # One by one: NumPy's own sums may add up one row in another order than many.
    for node, (weight, coarse) in enumerate(zip(WEIGHTS, GAUSS, strict=True)):
        fine += weight * slopes[:, node]
        apart += (weight - coarse) * slopes[:, node]
    lengths = (panels.stop - panels.start)[:, None] / 2 * ways.steps[panels.rows]
    return fine * lengths, np.abs(apart * lengths).max(axis=1, initial=0.0)


def _row_sums(a: Floats) -> Floats:
    total = np.zeros(len(a))
    for column in a.T:
        total += column
    return total


def _cut(curve: Curve, bent: bool, ways: Ways, panels: Panels) -> Panels:
    """Cut panels at the bends within them, and those without one in the middle."""
    owners, times = _bends(curve, ways, panels) if bent else (np.arange(0), np.empty(0))
    whole = np.setdiff1d(np.arange(len(panels.rows)), owners)
    owners = np.concatenate([owners, whole])
    times = np.concatenate([times, panels.times(np.zeros(1))[whole, 0]])
    order = np.lexsort((times, owners))
    owners, times = owners[order], times[order]
    return panels.cut(owners, times, curve.logits(ways.points(panels.rows[owners], times[:, None])))


def _bends(curve: Curve, ways: Ways, panels: Panels) -> tuple[Integers, Floats]:
    """Return which panels hold a bend, and when it comes: one between any two nodes with units on other sides."""
    times = panels.times(np.array([NUDGE - 1, *NODES, 1 - NUDGE]))
    sides = curve.sides(ways.points(panels.rows, times)).reshape(*times.shape, -1)
    owners, gaps = np.nonzero((sides[:, 1:] != sides[:, :-1]).any(axis=2))
    before, after, side = times[owners, gaps], times[owners, gaps + 1], sides[owners, gaps]
    for _ in range(BISECTIONS):
        middle = (before + after) / 2
        same = (curve.sides(ways.points(panels.rows[owners], middle[:, None])) == side).all(axis=1)
        before, after = np.where(same, middle, before), np.where(same, after, middle)
    return owners, after
