"""Parses JSON values into frozen configuration, and collects all problems with their pointers."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from model.errors import Problem, SpecError
from model.names import clipped
from model.ranges import Range, plain

T = TypeVar("T")
MOST_PROBLEMS = 100
WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a string"}


def escape(key: object) -> str:
    """Escape a key for a JSON pointer; a very long one is clipped.

    Source: RFC 6901, section 3.
    Example:
        >>> escape("a/b")
        'a~1b'
    """
    return clipped(str(key)).replace("~", "~0").replace("/", "~1")


class Reader:
    """Parses JSON values into configuration, and collects problems."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, pointer: str, code: str, detail: str) -> None:
        """Add a problem and continue, so that the error has all problems.

        Raises: SpecError when there are MOST_PROBLEMS problems.
        """
        self.problems.append(Problem(pointer, code, detail))
        if len(self.problems) == MOST_PROBLEMS:
            raise SpecError(self.problems)

    def mapping(self, raw: object, pointer: str) -> Mapping[str, object] | None:
        """Return `raw` if it is an object, else add a problem."""
        if isinstance(raw, Mapping):
            return raw
        self.refuse(pointer, "type", f"must be an object, not {shown(raw)}")
        return None

    def unknown(self, raw: Mapping[str, object], known: tuple[str, ...], pointer: str) -> None:
        """Add a problem for each unknown key."""
        for key in raw:
            if key not in known:
                self.refuse(f"{pointer}/{escape(key)}", "unknown", f"is not a key here; known keys: {', '.join(known)}")

    def settings(self, settings_type: type[T], raw: Mapping[str, object], pointer: str) -> T | None:
        """Read the fields of a configuration dataclass; None when one of them is refused."""
        hashable: Any = settings_type  # a dataclass type is hashable, which a bare type[T] does not promise
        known = value_types(hashable)
        self.unknown(raw, tuple(known), pointer)
        before = len(self.problems)
        values = {
            key: self.values(annotation, raw[key], f"{pointer}/{key}")
            for key, annotation in known.items()
            if key in raw
        }
        for key in required(settings_type):
            if key not in raw:
                self.refuse(f"{pointer}/{key}", "missing", "is needed here")
        return settings_type(**values) if len(self.problems) == before else None

    def item(self, catalog: Mapping[str, type[T]], name: object, pointer: str) -> type[T] | None:
        """Return the entry of the catalog with this name, else add a problem with all names."""
        if isinstance(name, str) and name in catalog:
            return catalog[name]
        self.refuse(pointer, "unknown", f"{shown(name)} is not one of: {', '.join(catalog)}")
        return None

    def values(self, annotation: object, raw: object, pointer: str) -> Any:
        """Read a value, or a list of values of one type."""
        if get_origin(annotation) is not tuple:
            return self.value(annotation, raw, pointer)
        if not isinstance(raw, list | tuple):
            self.refuse(pointer, "type", f"must be a list, not {shown(raw)}")
            return ()
        item_type = get_args(annotation)[0]
        return tuple(self.value(item_type, entry, f"{pointer}/{i}") for i, entry in enumerate(raw))

    def value(self, annotation: object, raw: object, pointer: str) -> Any:
        """Read one value of an annotated type: bool, int, float, str, a Literal, or null."""
        if get_origin(annotation) in (Union, UnionType):
            if raw is None:
                return None
            annotation = next(part for part in get_args(annotation) if part is not NoneType)
        if get_origin(annotation) is Literal:
            if raw not in get_args(annotation):
                self.refuse(pointer, "unknown", f"{shown(raw)} is not one of: {', '.join(get_args(annotation))}")
            return raw
        bounds = Range()
        if get_origin(annotation) is Annotated:
            annotation, bounds = get_args(annotation)
        raw = whole(raw) if annotation is int else real(raw) if annotation is float else raw
        if type(raw) is not annotation:
            self.refuse(pointer, "type", f"must be {WORDS[annotation]}, not {shown(raw)}")  # type: ignore[index]  # WORDS has them
        elif annotation in (int, float):
            self.check(bounds, raw, pointer)
        return raw

    def check(self, bounds: Range, number: Any, pointer: str) -> None:
        """Refuse a number that is not finite or out of bounds."""
        if isinstance(number, float) and not math.isfinite(number):
            self.refuse(pointer, "range", "must be a finite number")
        elif not bounds.holds(number):
            self.refuse(pointer, "range", f"must be {bounds}, not {plain(number)}")


def whole(raw: object) -> object:
    """Return 2.0 as 2: JSON does not distinguish them."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def real(raw: object) -> object:
    """Return an integer as a float; an integer too large for a float as infinity."""
    if not isinstance(raw, int) or isinstance(raw, bool):
        return raw
    return float(raw) if abs(raw) < 2**1000 else math.inf


@cache
def value_types(settings_type: Any) -> dict[str, Any]:
    """Return the constructor fields of a configuration dataclass with their annotations."""
    hints = get_type_hints(settings_type, include_extras=True)
    return {entry.name: hints[entry.name] for entry in fields(settings_type) if entry.init}


def required(settings_type: type) -> list[str]:
    """Return the names of the fields without a default."""
    return [f.name for f in fields(settings_type) if f.init and f.default is MISSING and f.default_factory is MISSING]


def shown(raw: object) -> str:
    """Return a refused value as shortened JSON; texts in single quotes.

    Example:
        >>> shown(None), shown([True, "a"]), shown("a")
        ('null', '[true, "a"]', "'a'")
    """
    text = repr(raw) if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, default=repr)
    return text if len(text) <= 40 else f"{text[:37]}…"


def first_repeated(names: Iterable[str]) -> str | None:
    """Return the first repeated name; None without one.

    Example:
        >>> first_repeated(["a", "b", "a"])
        'a'
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def to_plain(item: object) -> dict[str, Any]:
    """Return the fields of a configuration as JSON values, with defaults. JSON round trips keep them equal."""
    settings_type: Any = type(item)
    values = {name: getattr(item, name) for name in value_types(settings_type)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def name_of(catalog: Mapping[str, type], item: object) -> str:
    """Return the name of an item in a catalog."""
    return next(name for name, item_type in catalog.items() if type(item) is item_type)
