"""Warnings about how a table is read: numbers with marks, dates, marks of missing values, ids and targets by name."""

import re

import numpy as np

from model.columns.cells import Cells, Flags, Numbers, Words, date_text
from model.columns.read_as import Reading
from model.columns.readings import FoundReading, find_reading, value_of
from model.columns.row_problems import short_repr
from model.columns.table_warnings import MOST_STEPS, TableWarning

OTHERWISE = {
    "decimal_point": "decimal_comma",
    "decimal_comma": "decimal_point",
    "day_first": "month_first",
    "month_first": "day_first",
}
SPOKEN = {
    "decimal_point": "numbers with a decimal point",
    "decimal_comma": "numbers with a decimal comma",
    "date": "dates",
    "day_first": "dates with the day first",
    "month_first": "dates with the month first",
}
ID_WORDS = frozenset({"id", "ids", "uuid", "guid", "index", "rownumber", "msisdn"})
STAYED = frozenset(
    {"retained", "retain", "retention", "stayed", "stay", "stays", "staying", "active", "renewed", "renew", "renews"}
    | {"renewal", "loyal", "kept", "alive", "subscribed", "remained", "remains", "remain", "aktiv"}
)
DENIED = frozenset({"not", "no", "non", "un", "never"})
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def found_in(cells: Cells) -> FoundReading | None:
    """Return how cells were read from texts; None where they were not, or where the training spec says how."""
    if isinstance(cells, Words | Flags) or cells.origin is None:
        return None
    found = find_reading(cells.origin.words).found
    return found if found is not None and found.reading == cells.reading else None


def read_otherwise(name: str, found: FoundReading) -> tuple[TableWarning, ...]:
    """Return the warnings of a column whose texts were read as numbers or dates."""
    warnings = []
    if found.reading.read_as != "plain":
        warnings.append(_read_as(name, found))
    if found.marks:
        marks = ", ".join(map(short_repr, found.marks[:5]))
        detail = (
            f"column {name!r} holds {'numbers' if found.reading.kind == 'numeric' else 'dates'}; {marks} are read as "
            f"missing values. If they are categories, write {_option(name, 'kind', 'categorical')} in the training spec"
        )
        warnings.append(TableWarning("missing_marks", name, detail))
    return tuple(warnings)


def _read_as(name: str, found: FoundReading) -> TableWarning:
    reading, example = found.reading, found.reading.unclear or found.example
    mark = f" and the mark {short_repr(reading.mark)}" if reading.mark else ""
    shown = f"{short_repr(example)} is {_shown(reading, example)}"
    said = f"column {name!r} is read as {SPOKEN[reading.read_as]}{mark}: {shown}"
    if reading.unclear is None:
        categories = _option(name, "kind", "categorical")
        return TableWarning("read_as", name, f"{said}. If it holds categories, write {categories} in the training spec")
    other: Reading = Reading(OTHERWISE[reading.read_as], reading.mark)  # type: ignore[arg-type]  # a ReadAs
    detail = (
        f"{said}. It may also be {_shown(other, example)}: if so, write {_option(name, 'read_as', other.read_as)} in "
        "the training spec"
    )
    return TableWarning("unclear_reading", name, detail)


def _shown(reading: Reading, text: str) -> object:
    value = value_of(reading, text)
    return date_text(value) if reading.kind == "date" else Numbers.of([value]).scalar(0)


def _option(name: str, option: str, value: str) -> str:
    return f'"columns": {{"{name}": {{"{option}": "{value}"}}}}'


def identifying(name: str, cells: Cells) -> tuple[TableWarning, ...]:
    """Return the warning of whole numbers that differ in every row and rise, or whose name says that they are ids.

    Example:
        >>> [warning.code for warning in identifying("customer", Numbers(np.arange(0.0, 99.0, 3.0)))]
        ['identifying_column']
    """
    if not isinstance(cells, Numbers) or len(cells) <= MOST_STEPS or cells.missing.any():
        return ()
    values = cells.values
    if not (values == np.floor(values)).all():
        return ()
    steps = np.diff(values)
    rising = bool((steps > 0).all() or (steps < 0).all())
    if not rising and not (words_of_name(name) & ID_WORDS and len(np.unique(values)) == len(values)):
        return ()
    detail = (
        f"column {name!r} holds whole numbers that {'rise from row to row' if rising else 'differ in every row'}: if "
        "it identifies customers, name it as the id column; if it numbers the rows, leave it out"
    )
    return (TableWarning("identifying_column", name, detail),)


def inverted_target(name: str, cells: Cells) -> tuple[TableWarning, ...]:
    """Return the warning of a target whose name says that yes means "stayed".

    Example:
        >>> [warning.code for warning in inverted_target("is_active", Words.of(["yes", "no"]))]
        ['inverted_target']
        >>> inverted_target("not_renewed", Words.of(["yes", "no"]))
        ()
    """
    words = cells.words if isinstance(cells, Words) else ()
    if not says_stayed(name):
        return ()
    if not {word.strip().lower() for word in words} <= {"1", "0", "yes", "no", "y", "n", "true", "false", "t", "f"}:
        return ()  # the texts say who left
    detail = (
        f"the name of target column {name!r} says that the customer stayed, but yes (1, true) is read as churned: if "
        "yes means stayed, swap yes and no, and name the column churned"
    )
    return (TableWarning("inverted_target", name, detail),)


def says_stayed(name: str) -> bool:
    """Return whether the name of a column of yes and no says that yes means a customer who stayed.

    Example:
        >>> says_stayed("is_active"), says_stayed("inactive"), says_stayed("not_renewed")
        (True, False, False)
    """
    named = words_of_name(name)
    return bool(named & STAYED) and not named & DENIED and not named & {"churn", "churned"}


def words_of_name(name: str) -> set[str]:
    """Return the words of a column's name in lower case.

    Example:
        >>> sorted(words_of_name("CustomerID")), sorted(words_of_name("is_active"))
        (['customer', 'id'], ['active', 'is'])
    """
    return {word.lower() for word in WORDS.findall(name)}
