"""Bootstrap resamples of rows, as counts of each row, and the intervals that they give.

Source: Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14; Politis, Romano & Wolf,
Subsampling, 1999, for tables with many rows.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from model.design import Floats
from model.random import shuffle, stream

PURPOSE = 0xE7A1
RESAMPLES = 200
FEWEST_OUTCOMES = 200  # of the rarer outcome among the rows that are resampled
FEWEST_ROWS, MOST_ROWS = 4_000, 20_000
BLOCK = 1 << 15  # counts at a time: they stay in the processor's cache
TAIL = 2.5  # percent, on either side


class Resampling:
    """Resamples of rows with these outcomes. One seed gives one set of resamples.

    Of a large table a random part is resampled, and the interval is narrowed by the root of its share.
    """

    def __init__(self, y: Floats, seed: int) -> None:
        self.rows, self._seed = len(y), seed
        rarer = min(float(y.sum()), len(y) - float(y.sum()))
        enough = MOST_ROWS if rarer == 0.0 else int(FEWEST_OUTCOMES * len(y) / rarer)
        most = min(MOST_ROWS, max(FEWEST_ROWS, enough))
        self.chosen = np.arange(self.rows)
        if self.rows > most:
            self.chosen = np.sort(shuffle(stream(seed, PURPOSE), self.rows)[:most])

    def of(self, y: Floats) -> "Resampling":
        """Return resamples of other rows, by the same seed."""
        return Resampling(y, self._seed)

    @cached_property
    def _counts(self) -> list[np.ndarray]:
        n, bits = len(self.chosen), stream(self._seed, PURPOSE + 1)
        at_once, found = max(1, BLOCK // n), []
        for start in range(0, RESAMPLES, at_once):
            count = min(at_once, RESAMPLES - start)
            raw = bits.random_raw(count * n) >> np.uint64(32)
            drawn = ((raw * np.uint64(n)) >> np.uint64(32)).astype(np.int64).reshape(count, n)
            drawn += np.arange(count)[:, None] * n
            found.append(np.bincount(drawn.ravel(), minlength=count * n).reshape(count, n).astype(np.uint16))
        return found

    def blocks(self) -> Iterator[Floats]:
        """Yield how often each chosen row is in each resample, some resamples at a time.

        Shapes: (resamples, rows).
        """
        for counts in self._counts:
            yield counts.astype(np.float64)

    def interval(self, value: float, on_chosen: float, found: Floats) -> tuple[float, float]:
        """Return the 95 % interval of a statistic: its percentiles over the resamples, in which NaN is left out."""
        low, high = _percentiles(found, TAIL, 100.0 - TAIL) if np.isfinite(found).any() else (on_chosen, on_chosen)
        return value + (low - on_chosen) * self._narrower, value + (high - on_chosen) * self._narrower

    def interval_of_distance(self, value: float, on_chosen: float, found: Floats, noise: Floats) -> tuple[float, float]:
        """Return the 95 % interval of a mean absolute difference, which noise can only raise.

        Its values on the resamples lie above `value` as that lies above the truth, so that they are reflected. By the
        triangle inequality the truth is at most the distance of the sample from the truth below `value`; `noise` has
        the distances of the resamples from the sample.
        """
        (low,), (farthest,) = _percentiles(found, TAIL), _percentiles(noise, 100.0 - TAIL)
        high = value - (low - on_chosen) * self._narrower
        return max(0.0, value - farthest * self._narrower), max(value, high)

    @property
    def _narrower(self) -> float:
        return float((len(self.chosen) / self.rows) ** 0.5)


def _percentiles(found: Floats, *wanted: float) -> list[float]:
    return [float(value) for value in np.nanpercentile(found, wanted)]
