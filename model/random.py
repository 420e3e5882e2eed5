"""Randomness that is ours: everything is worked out from a bit generator's raw output.

NumPy may change what its distributions and shuffles draw from one version to the next, but not a bit generator's
stream. One seed therefore gives one training, for as long as PCG64 is PCG64.
"""

import numpy as np
from numpy.typing import NDArray

from model.design import Floats

TWO_KEYS = 1 << 19  # rows; so many have 8 to each key of 16 bits


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

    Each row gets a random key of 16 bits, and the keys are sorted: radix sort makes that five times as fast as sorting
    longer keys. Rows with equal keys stay side by side, all forwards or, as often, all backwards. Where there would be
    more of them than fit into any batch, a second key settles their order.

    Example:
        >>> sorted(shuffle(stream(0, 0), 5).tolist())
        [0, 1, 2, 3, 4]
    """
    order = np.asarray(_keys(bits, rows).argsort(kind="stable"), np.int64)
    if rows > TWO_KEYS:
        return order[_keys(bits, rows).take(order).argsort(kind="stable")]
    return rows - 1 - order if bits.random_raw() >> 63 else order


def _keys(bits: np.random.PCG64, rows: int) -> NDArray[np.uint16]:
    return bits.random_raw(-(-rows // 4)).view(np.uint16)[:rows]


def write_state(bits: np.random.PCG64) -> dict[str, str]:
    """Return where a stream stands, as text, because JSON readers differ on numbers of 128 bits."""
    return {key: str(value) for key, value in bits.state["state"].items()}


def read_state(bits: np.random.PCG64, state: dict[str, str]) -> None:
    """Set a stream to where `write_state` saw it."""
    position = bits.state["state"]
    position["state"], position["inc"] = int(state["state"]), int(state["inc"])
    bits.state = {"bit_generator": "PCG64", "state": position, "has_uint32": 0, "uinteger": 0}
