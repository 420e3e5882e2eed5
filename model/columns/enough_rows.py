"""The least number of training rows from which a feature is learned; one of fewer can reverse an answer."""

CATEGORY = 10
"""Of a category, and of the rare ones together: 30 would cost more, because a category has no value near to it."""

GAP = 30
"""Of missing values, which have the typical value to fall back on. None of 10 churns in 4 % of columns by chance alone,
where every fourth customer churns; none of 30 in 0.02 %."""


def enough(most: int, rows: int) -> int:
    """Return the least number of rows in a table of so many training rows: `most`, in small tables 1 %, at least 2.

    Example:
        >>> enough(CATEGORY, 7000), enough(CATEGORY, 600), enough(GAP, 100)
        (10, 6, 2)
    """
    return min(most, max(2, rows // 100))


def learns_gaps(missing: int, rows: int) -> bool:
    """Tell whether so many of the training rows without a value are enough for a feature."""
    return missing >= enough(GAP, rows)
