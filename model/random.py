"""Random numbers and shuffles, computed from the raw output of a bit generator.

NumPy may change its distributions and shuffles between versions, but not the stream of a bit generator. So one seed
gives one training with every version of NumPy.
"""

import numpy as np
from numpy.typing import NDArray

from model.design import Floats

TWO_KEYS = 1 << 19  # rows: 8 rows share each key of 16 bits


def stream(seed: int, purpose: int) -> np.random.PCG64:
    """Return the random stream of a seed and a purpose. Streams of other seeds and purposes are independent."""
    return np.random.PCG64(np.random.SeedSequence([seed, purpose]))


def uniform(bits: np.random.PCG64, count: int) -> Floats:
    """Draw uniform numbers from [−1, 1).

    Example:
        >>> uniform(stream(0, 0), 2).round(3)
        array([ 0.274, -0.46 ])
    """
    return np.asarray((bits.random_raw(count) >> np.uint64(11)) * 2.0**-52 - 1.0)


def shuffle(bits: np.random.PCG64, rows: int) -> NDArray[np.int64]:
    """Draw a random order of `rows` rows.

    Each row gets a random key of 16 bits. Radix sort sorts them five times as fast as longer keys. Rows with equal keys
    keep their order, or all reverse it, each in half of the draws. If many rows share a key, a second key sets
    their order.

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
    """Return the position of a stream, as text: JSON readers differ on integers of 128 bits."""
    return {key: str(value) for key, value in bits.state["state"].items()}


def read_state(bits: np.random.PCG64, state: dict[str, str]) -> None:
    """Set a stream to the position from `write_state`."""
    position = bits.state["state"]
    position["state"], position["inc"] = int(state["state"]), int(state["inc"])
    bits.state = {"bit_generator": "PCG64", "state": position, "has_uint32": 0, "uinteger": 0}
