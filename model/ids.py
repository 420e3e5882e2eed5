"""Customers' ids: names of at most 256 characters, or whole numbers as long."""

from collections.abc import Sequence

from model.errors import Problem
from model.names import RULE, refused_character

LONGEST_ID = 256


def invalid_ids(ids: Sequence[object], place: str) -> dict[int, Problem]:
    """Return what is wrong with which row's id; a row may have none."""
    if _all_short_texts(ids):
        return {}
    wrong = {}
    for row, value in enumerate(ids):
        if isinstance(value, str):
            if len(value) > LONGEST_ID:
                wrong[row] = Problem(place, "id", f"an id has at most {LONGEST_ID} characters")
            elif found := refused_character(value):
                wrong[row] = Problem(place, "id", f"an id is written {RULE}; this one holds {found}")
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            wrong[row] = Problem(place, "id", "an id is a text or a whole number")
        elif value is not None and abs(value) >= 10**LONGEST_ID:
            wrong[row] = Problem(place, "id", f"an id has at most {LONGEST_ID} digits")
    return wrong


def _all_short_texts(ids: Sequence[object]) -> bool:
    """Tell of ids that are all short printable texts, quickly, that nothing is wrong with them."""
    try:
        return "".join(ids).isprintable() and max(map(len, ids)) <= LONGEST_ID  # type: ignore[arg-type]
    except TypeError:  # not all of them are texts
        return False
