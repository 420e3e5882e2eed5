"""Parses numbers from texts and lists strictly."""

import math
import re
from collections.abc import Callable, Sequence
from types import NoneType

import numpy as np

from model.columns.missing import is_missing
from model.columns.row_problems import RowProblems, short_repr
from model.design import Floats

# No two parts match the same digits. Otherwise the time would grow with the square of the length of the text.
NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LARGEST = 1e300  # sums of larger numbers may overflow float64

TYPES: dict[str, tuple[type, ...]] = {"a number": (int, float), "true or false": (bool,)}


def parse_number(text: str) -> float:
    """Return the number in a text, or NaN if the text is not a number.

    Example:
        >>> parse_number(" 79.99 "), parse_number("seven")
        (79.99, nan)
    """
    text = text.strip()
    return float(text) if NUMBER.fullmatch(text) else math.nan


def read_values(values: Sequence[object] | np.ndarray, column: str, what: str, problems: RowProblems) -> Floats:
    """Read float64 from a list; `None` is missing. Add values of another type than `what` to `problems`.

    An array is used as it is; NaN is missing.
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
            problems.add(row, column, "wrong_type", f"expected {what}, not {_shown(value)}")
        elif math.isfinite(number := _float(value)):
            numbers[row] = number
        else:
            problems.add(row, column, "not_finite", f"expected {what}, not {number}")
    return numbers


def numbers_of(
    values: Sequence[object] | np.ndarray, parse: Callable[[str], float] = parse_number
) -> Sequence[object] | np.ndarray:
    """Return the values of a list with the number of each text that is one, and None for texts that stand for none.

    Example:
        >>> numbers_of(["4", "NA", 2.5, "four"])
        [4.0, None, 2.5, 'four']
    """
    if isinstance(values, np.ndarray) or str not in set(map(type, values)):
        return values
    return [_number_of(value, parse) for value in values]


def _number_of(value: object, parse: Callable[[str], float]) -> object:
    if not isinstance(value, str):
        return value
    if is_missing(value):
        return None
    return value if math.isnan(number := parse(value)) else number


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _shown(value: object) -> str:
    names = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
    return f"{names.get(type(value), type(value).__name__)} ({short_repr(value)})"
