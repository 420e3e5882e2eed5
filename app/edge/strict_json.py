"""Strict JSON: valid UTF-8, at most 8 levels deep, no name twice, finite numbers, no lone surrogates.

A fast decoder reads what is in order. Only where it is not, or where that cannot be told cheaply, a careful one looks
again, to say where.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from app.edge.pointers import pointer
from app.errors import MalformedError
from model.errors import Problem

DEEPEST = 8
MOST_PROBLEMS = 20
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Object(list[tuple[str, object]]):
    """An object's members before one of two with the same name is lost."""


class _Constant(str):
    """NaN or an infinity, spelled as a bare word."""


def parse_json(body: bytes) -> Any:
    """Read a JSON document.

    Raises: MalformedError with a pointer for each problem where the place can be told.
    """
    try:
        value = msgspec.json.decode(body)
        names = _count_names(value, DEEPEST)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _look_closely(body)
        raise _malformed(f"the body is not valid JSON: {error}") from error
    # Each name is followed by a colon. As many colons as names in the result: none was there twice.
    if names is None or names != body.count(b":"):
        _look_closely(body)
    return value


def _count_names(value: object, room: int) -> int | None:
    """Return how many names the objects have in all, or None when the document is too deep."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if room == 0 and isinstance(value, dict | list):
        return None
    names = len(value) if isinstance(value, dict) else 0
    for child in children:
        if type(child) in (dict, list):
            inside = _count_names(child, room - 1)
            if inside is None:
                return None
            names += inside
    return names


def _look_closely(body: bytes) -> None:
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_Object, parse_constant=_Constant)
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start} of the body is not valid UTF-8", "encoding") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        what = error.msg.removesuffix(" at")  # as some of Python's end
        raise _malformed(f"the body is not valid JSON: {what} at {where}") from error
    except RecursionError as error:
        raise _malformed(f"the body is nested more than {DEEPEST} levels deep", "depth") from error
    except ValueError as error:  # Python reads no whole number that long
        raise _malformed("a number of the body has thousands of digits", "not_finite") from error
    if problems := list(islice(_problems(document, "", DEEPEST), MOST_PROBLEMS)):
        raise MalformedError(f"the body is not JSON that this service reads: {problems[0].detail}", problems)


def _problems(value: object, here: str, room: int) -> Iterator[Problem]:
    if isinstance(value, list) and room == 0:
        yield Problem(here, "depth", f"nested more than {DEEPEST} levels deep")
    elif isinstance(value, _Object):
        seen: set[str] = set()
        for name, child in value:
            if name in seen:
                yield Problem(here + pointer(name), "duplicate", f"the name {name!r} comes twice")
            seen.add(name)
            if _SURROGATE.search(name):
                yield Problem(here, "surrogate", "a name holds half of a surrogate pair")
            else:
                yield from _problems(child, here + pointer(name), room - 1)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _problems(child, f"{here}/{index}", room - 1)
    else:
        yield from _scalar_problems(value, here)


def _scalar_problems(value: object, here: str) -> Iterator[Problem]:
    if isinstance(value, _Constant):
        yield Problem(here, "not_finite", f"{value} is not JSON; write null for a number that is missing")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(here, "not_finite", "the number is too large")
    elif isinstance(value, str) and _SURROGATE.search(value):
        yield Problem(here, "surrogate", "the text holds half of a surrogate pair")


def _malformed(detail: str, code: str = "malformed") -> MalformedError:
    return MalformedError(detail, [Problem("", code, detail)])
