"""Draws a curve in a line of text."""

import itertools
from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 10) -> str:
    """Draw values from the lowest to the highest, at most `width` characters wide.

    With more values than that, each character shows the mean of several.

    Example:
        >>> sparkline([4, 3, 2, 1]), sparkline(range(100), 5), sparkline([1, 1]), sparkline([])
        ('█▆▃▁', '▁▃▅▆█', '▁▁', '')
    """
    count = min(width, len(values))
    edges = [len(values) * place // count for place in range(count + 1)] if count else []
    means = [sum(values[a:b]) / (b - a) for a, b in itertools.pairwise(edges)]
    low = min(means, default=0.0)
    span = max(means, default=0.0) - low or 1.0
    return "".join(BARS[round((mean - low) / span * (len(BARS) - 1))] for mean in means)
