"""Randomness that is ours: everything is worked out from a bit generator's raw output.

NumPy may change what its distributions and shuffles draw from one version to the next, but not a bit generator's
stream. One seed therefore gives one training, for as long as PCG64 is PCG64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.design import Floats


def stream(seed: int, purpose: int) -> np.random.PCG64:
    """Return a member's own stream for one purpose; other purposes and seeds are independent of it."""
    return np.random.PCG64(np.random.SeedSequence([seed, purpose]))


def uniform(bits: np.random.PCG64, count: int) -> Floats:
    """Draw numbers evenly from [−1, 1).

    Example:
        >>> uniform(stream(0, 0), 2).round(3)
        array([ 0.274, -0.46 ])
    """
    return np.asarray((bits.random_raw(count) >> np.uint64(11)) * 2.0**-52 - 1.0)


def shuffle(bits: np.random.PCG64, rows: int) -> NDArray[np.int64]:
    """Draw an order of `rows` rows.

    Each row gets a random key of 16 bits, and the keys are sorted: radix sort makes that four times as fast as sorting
    longer keys. Rows with equal keys stay as they were, side by side; *which* rows these are is drawn anew each time,
    and side by side they mostly share a batch, where order means nothing.

    Example:
        >>> sorted(shuffle(stream(0, 0), 5).tolist())
        [0, 1, 2, 3, 4]
    """
    keys = bits.random_raw(-(-rows // 4)).view(np.uint16)[:rows]
    return np.asarray(keys.argsort(kind="stable"), np.int64)


def write_state(bits: np.random.PCG64) -> dict[str, str]:
    """Return where a stream stands, as text, because JSON readers differ on numbers of 128 bits."""
    return {key: str(value) for key, value in bits.state["state"].items()}


def read_state(bits: np.random.PCG64, state: dict[str, str]) -> None:
    """Set a stream to where `write_state` saw it."""
    position = bits.state["state"]
    position["state"], position["inc"] = int(state["state"]), int(state["inc"])
    bits.state = {"bit_generator": "PCG64", "state": position, "has_uint32": 0, "uinteger": 0}
