"""Successive halving: all configurations train a few epochs, and only the best of them train on.

Source: Jamieson, Talwalkar: Non-stochastic Best Arm Identification and Hyperparameter Optimization, 2016.
"""

import math
from dataclasses import dataclass
from typing import Annotated

from model.ranges import Count, Range

FINALISTS = 2  # so that the winner and the runner-up are both trained to their end


@dataclass(frozen=True, kw_only=True)
class Halving:
    """After `first_epochs` one in `factor` configurations trains on, to `factor` times as many epochs, and so on."""

    first_epochs: Count
    factor: Annotated[int, Range(low=2, high=10)] = 3


@dataclass(frozen=True)
class Rung:
    """A number of configurations, and the epoch after which they are compared."""

    epochs: int
    configurations: int


def rungs(configurations: int, epochs: int, halving: Halving | None) -> tuple[Rung, ...]:
    """Return the rungs of a sweep, whose longest training has this many epochs.

    A rung only pauses a training: its schedule is planned for all of its own epochs. The last rung trains two or more
    configurations to their end.

    Example:
        >>> [(rung.epochs, rung.configurations) for rung in rungs(20, 100, Halving(first_epochs=9))]
        [(9, 20), (27, 7), (81, 3), (100, 2)]
        >>> rungs(20, 100, None)
        (Rung(epochs=100, configurations=20),)
    """
    found, until = [], epochs if halving is None else halving.first_epochs
    while halving is not None and until < epochs:
        found.append(Rung(until, configurations))
        configurations = min(configurations, max(FINALISTS, math.ceil(configurations / halving.factor)))
        until *= halving.factor
    return (*found, Rung(epochs, configurations))
