"""Checks customer ids: texts of at most 256 characters, or integers of at most 256 digits."""

from collections.abc import Sequence

from model.errors import Problem
from model.names import RULE, refused_character
from model.parsing import escape

LONGEST_ID = 256


def invalid_ids(ids: Sequence[object], column: str) -> dict[int, Problem]:
    """Return the problem of each row with an invalid id. A missing id is valid."""
    if _all_short_texts(ids):
        return {}
    problems, place = {}, f"/{escape(column)}"
    for row, value in enumerate(ids):
        if isinstance(value, str):
            if len(value) > LONGEST_ID:
                problems[row] = Problem(place, "id", f"an id has at most {LONGEST_ID} characters")
            elif found := refused_character(value):
                problems[row] = Problem(place, "id", f"an id is written {RULE}; this one holds {found}")
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            problems[row] = Problem(place, "id", "an id is a text or a whole number")
        elif value is not None and abs(value) >= 10**LONGEST_ID:
            problems[row] = Problem(place, "id", f"an id has at most {LONGEST_ID} digits")
    return problems


def _all_short_texts(ids: Sequence[object]) -> bool:
    """Tell quickly whether all ids are short printable texts, which are valid."""
    try:
        return "".join(ids).isprintable() and max(map(len, ids)) <= LONGEST_ID  # type: ignore[arg-type]  # caught below
    except TypeError:  # not all of them are texts
        return False
