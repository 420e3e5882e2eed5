"""Strict JSON: valid UTF-8, at most 8 levels deep, no name twice, finite numbers, no lone surrogates.

msgspec decodes valid documents. If it refuses one, a second decoder finds every fault and its pointer.
"""

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from app.errors import MalformedError, TooLargeError
from app.parsing.json_pointer import Path, pointer
from model.errors import Problem
from model.limits import JSON_CONTAINERS
from model.names import clipped

DEEPEST = 8
MOST_PROBLEMS = 20
REFUSED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""The exceptions of msgspec for an invalid document."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_TO_MARK = rb"""
(?: [^"MARK]++ | "[^"MARK]*+ (?:"|\Z) )*+  # characters, and texts without the mark
(?: MARK | ("[^"]*+ (?:"|\Z)) | (\Z) )     # the mark; or a text that holds it (group 1), or the end (group 2)
"""
_OUTSIDE = {mark: re.compile(_TO_MARK.replace(b"MARK", re.escape(mark)), re.VERBOSE) for mark in (b"{", b"[", b":")}


class _Object(list[tuple[str, object]]):
    """The members of an object, including members of the same name."""


class _Constant(str):
    """NaN or an infinity, written as a bare word."""


def parse_json(body: bytes, *, briefly: bool = False) -> Any:
    """Read a JSON document.

    With `briefly` a document is refused without a look for its faults, which takes several times as long as reading.

    Raises: MalformedError with a pointer for each problem whose place is known; TooLargeError.
    """
    check_containers(body)
    try:
        value = msgspec.json.decode(body)
        members = _count_members(value, DEEPEST)
    except REFUSED as error:
        _refuse(body, briefly=briefly)
        raise _malformed(f"the body is not valid JSON: {error}") from error
    if members is None or not no_name_twice(body, members):
        _refuse(body, briefly=briefly)
    return value


def check_containers(body: bytes) -> None:
    """Refuse a document of more objects and lists than any request has, before memory is allocated for them.

    Decoded, an empty list of two bytes takes forty times as much. All brackets are counted first, which is faster.

    Raises: TooLargeError.
    """
    if len(body) <= JSON_CONTAINERS or body.count(b"{") + body.count(b"[") <= JSON_CONTAINERS:
        return
    found = _outside_texts(body, b"{") + _outside_texts(body, b"[")
    if found > JSON_CONTAINERS:
        raise TooLargeError(
            f"the body holds {found:,} objects and lists, more than {JSON_CONTAINERS:,}: send several requests"
        )


def no_name_twice(body: bytes, members: int) -> bool:
    """Return whether each name is unique in its object; `members` is the number of members that a decoder returned.

    Of members with equal names, a decoder returns only one. Each member of the document has exactly one colon outside
    of texts. So all names are unique if there are as many such colons as decoded members. All colons are counted
    first, which is faster: if there are as many as members, no text holds one.

    Example:
        >>> no_name_twice(b'{"a": "12:30", "b": 2}', 2), no_name_twice(b'{"a": 1, "a": 2}', 1)
        (True, False)
    """
    return body.count(b":") == members or _outside_texts(body, b":") == members


def _outside_texts(body: bytes, mark: bytes) -> int:
    """Count a mark outside of texts in valid JSON, in which only texts hold backslashes and escaped quotes.

    It makes no object for a text without the mark, so memory does not grow with the number of texts.
    """
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    return sum(found.lastindex is None for found in _OUTSIDE[mark].finditer(plain))


def _count_members(value: object, room: int) -> int | None:
    """Return the number of members of all objects, or None if the document is too deep."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if room == 0 and isinstance(value, dict | list):
        return None
    members = len(value) if isinstance(value, dict) else 0
    for child in children:
        if type(child) in (dict, list):
            inside = _count_members(child, room - 1)
            if inside is None:
                return None
            members += inside
    return members


def _refuse(body: bytes, *, briefly: bool) -> None:
    """Raise the faults of the body; return if the standard library finds none."""
    if briefly:
        raise _malformed("this line is not valid JSON; only the first faults are explained")
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
    if problems := list(islice(_problems(document, (), DEEPEST), MOST_PROBLEMS)):
        raise MalformedError(f"the body is not JSON that this service reads: {problems[0].detail}", problems)


def _problems(value: object, path: Path, room: int) -> Iterator[Problem]:
    if isinstance(value, list) and room == 0:
        yield Problem(pointer(*path), "depth", f"nested more than {DEEPEST} levels deep")
    elif isinstance(value, _Object):
        seen: set[str] = set()
        for name, child in value:
            if name in seen:
                yield Problem(pointer(*path, name), "duplicate", f"the name {clipped(name)!r} comes twice")
            seen.add(name)
            if _SURROGATE.search(name):
                yield Problem(pointer(*path), "surrogate", "a name holds half of a surrogate pair")
            else:
                yield from _problems(child, (*path, name), room - 1)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _problems(child, (*path, index), room - 1)
    else:
        yield from _scalar_problems(value, path)


def _scalar_problems(value: object, path: Path) -> Iterator[Problem]:
    if isinstance(value, _Constant):
        yield Problem(pointer(*path), "not_finite", f"{value} is not JSON; write null for a number that is missing")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Problem(pointer(*path), "not_finite", "the number is too large")
    elif isinstance(value, str) and _SURROGATE.search(value):
        yield Problem(pointer(*path), "surrogate", "the text holds half of a surrogate pair")


def _malformed(detail: str, code: str = "malformed") -> MalformedError:
    return MalformedError(detail, [Problem("", code, detail)])
