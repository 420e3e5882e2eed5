"""Reading numbers out of texts and lists without guessing."""

import math
import re
from collections.abc import Sequence
from itertools import chain
from types import NoneType

import numpy as np

from model.columns.cells import Floats
from model.columns.faults import Faults, short_repr

# No two parts can match the same digits: or a long text would be tried in as many ways as its length squared.
NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LARGEST = 1e300  # beyond it, sums leave float64
MISSING_TEXTS = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None")  # how files write a missing number

PLAIN = frozenset((int, float, NoneType))
TYPES: dict[str, tuple[type, ...]] = {"a number": (int, float), "true or false": (bool,)}


def parse_number(text: str) -> float:
    """Return the number a text spells, NaN if it spells none.

    Example:
        >>> parse_number(" 79.99 "), parse_number("seven")
        (79.99, nan)
    """
    text = text.strip()
    return float(text) if NUMBER.fullmatch(text) else math.nan


def number_matrix(columns: Sequence[object], n: int) -> Floats | None:
    """Return lists of `n` whole numbers, floats and gaps as one matrix; None where they hold anything else.

    Shapes: (k, n) for k columns.
    Example:
        >>> number_matrix([[24, None]], 2), number_matrix([[True]], 1), number_matrix([[math.nan]], 1)
        (array([[24., nan]]), None, None)
    """
    lists: list[list[float | None]] = [column for column in columns if type(column) is list and len(column) == n]
    if len(lists) < len(columns) or not PLAIN.issuperset(map(type, chain.from_iterable(lists))):
        return None
    try:
        values = np.array(lists, np.float64)
    except OverflowError:  # a whole number beyond float64
        return None
    gaps = np.count_nonzero(np.isnan(values))
    return values if gaps == 0 or gaps == sum(each.count(None) for each in lists) else None  # a NaN is no gap


def read_values(values: Sequence[object] | np.ndarray, column: str, what: str, faults: Faults) -> Floats:
    """Read float64 from a list in which `None` is missing; anything else than `what` is that row's fault.

    An array is taken as it is, NaN meaning missing.
    """
    if isinstance(values, np.ndarray):
        return np.asarray(values, dtype=np.float64)
    if set(map(type, values)) <= {*TYPES[what], NoneType}:
        try:
            array = np.array(values, dtype=np.float64)
        except OverflowError:  # an integer beyond float64
            pass
        else:
            if np.isfinite(array).all():
                return array
    numbers = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        if value is None:
            continue
        if type(value) not in TYPES[what] or not isinstance(value, int | float):
            faults.add(row, column, "wrong_type", f"expected {what}, not {_shown(value)}")
        elif math.isfinite(number := _float(value)):
            numbers[row] = number
        else:
            faults.add(row, column, "not_finite", f"expected {what}, not {number}")
    return numbers


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    names = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
    return f"{names.get(type(value), type(value).__name__)} ({short_repr(value)})"
