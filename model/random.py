"""Randomness that is ours: everything is worked out from a bit generator's raw output.

NumPy may change what its distributions and shuffles draw from one version to the next, but not a bit generator's
stream. One seed therefore gives one training, for as long as PCG64 is PCG64.
"""

from __future__ import annotations

from typing import Any

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
        array([ 0.327, -0.681])
    """
    return np.asarray((bits.random_raw(count) >> np.uint64(11)) * 2.0**-52 - 1.0)


def shuffle(bits: np.random.PCG64, rows: int) -> NDArray[np.int64]:
    """Draw an order of `rows` rows.

    Each row gets a random key whose low bits are the row itself: the sorted keys are all different, whatever way they
    are sorted, and hold the order. That is several times as fast as exchanging rows one by one.

    Example:
        >>> sorted(shuffle(stream(0, 0), 5).tolist())
        [0, 1, 2, 3, 4]
    """
    low = np.uint64(max(rows - 1, 1).bit_length())
    keys = bits.random_raw(rows) >> low << low
    keys |= np.arange(rows, dtype=np.uint64)
    keys.sort()
    keys &= (np.uint64(1) << low) - np.uint64(1)
    return keys.view(np.int64)


def write_state(bits: np.random.PCG64) -> dict[str, str]:
    """Return where a stream stands, as text, because JSON readers differ on numbers of 128 bits."""
    state: dict[str, Any] = bits.state["state"]  # type: ignore[assignment]
    return {key: str(value) for key, value in state.items()}


def read_state(bits: np.random.PCG64, state: dict[str, str]) -> None:
    """Set a stream to where `write_state` saw it."""
    bits.state = {
        "bit_generator": "PCG64",
        "state": {key: int(value) for key, value in state.items()},
        "has_uint32": 0,
        "uinteger": 0,
    }
