"""A curve: a rising function g of a logit, such as a calibration."""

from typing import Protocol

import numpy as np

from model.design import Floats

CLOSE = 1e-9  # logits: the quotient of smaller differences would be rounding


class Curve(Protocol):
    """A function g with its slope g′. `kinks` are the logits at which the slope is not smooth."""

    @property
    def kinks(self) -> tuple[float, ...]:
        """The logits at which a derivative of g jumps."""

    def __call__(self, z: Floats) -> Floats:
        """Return g(z), (n,) to (n,)."""

    def slope_at(self, z: Floats) -> Floats:
        """Return g′(z), (n,) to (n,)."""


def secant(curve: Curve, start: Floats, stop: Floats) -> Floats:
    """Return the mean slope of the curve between two logits: (g(stop) − g(start)) / (stop − start)."""
    way = stop - start
    near = np.abs(way) < CLOSE
    rise = (curve(stop) - curve(start)) / np.where(near, 1.0, way)
    return np.where(near, curve.slope_at(start + way / 2), rise)
