"""Validation errors of a parsed value: all problems at once, in plain words.

msgspec reports only the first problem of a value, in its own terms. So this walks down the type where msgspec refuses.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from app.parsing.json_pointer import Path, pointer
from model.errors import Problem

WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_GOT = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`")
_BOUND = re.compile(r"Expected `(?P<type>\w+)[^`]*`(?P<length> of length)? (?P<sign>[<>]=?) (?P<bound>\S+)")
_SIGNS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def validation_errors(value: object, schema: Any, path: Path = (), *, strict: bool) -> Iterator[Problem]:
    """Yield the problems of a value, each with its pointer.

    Example:
        >>> class Ask(msgspec.Struct, forbid_unknown_fields=True):
        ...     size: Annotated[int, msgspec.Meta(ge=1)]
        ...     names: list[str] = []
        >>> for problem in validation_errors({"size": 0, "names": ["a", 1], "colour": "red"}, Ask, strict=True):
        ...     print(problem.pointer, problem.code, problem.detail)
        /colour unknown is not known here; known: size, names
        /size range must be at least 1
        /names/1 type must be text, not a whole number
    """
    try:
        msgspec.convert(value, schema, strict=strict)
    except msgspec.ValidationError as error:
        inside = _inside(value, schema, path, strict=strict)
        yield next(inside, Problem(pointer(*path), *_described(str(error), schema)))
        yield from inside


def _inside(value: object, schema: Any, path: Path, *, strict: bool) -> Iterator[Problem]:
    """Yield the problems of the members of an object or a list."""
    for part in _parts(schema):
        if isinstance(value, dict) and isinstance(part, type) and issubclass(part, msgspec.Struct):
            yield from _members(value, part, path, strict=strict)
        elif isinstance(value, dict) and get_origin(part) is dict:
            for name, member in value.items():
                yield from validation_errors(member, get_args(part)[1], (*path, name), strict=strict)
        elif isinstance(value, list) and get_origin(part) is list:
            for index, member in enumerate(value):
                yield from validation_errors(member, get_args(part)[0], (*path, index), strict=strict)


def _members(
    value: Mapping[str, object], schema: type[msgspec.Struct], path: Path, *, strict: bool
) -> Iterator[Problem]:
    known = {field.encode_name: field for field in msgspec.structs.fields(schema)}
    if schema.__struct_config__.forbid_unknown_fields:
        names = f"known: {', '.join(known)}" if known else "none is"
        for name in value:
            if name not in known:
                yield Problem(pointer(*path, name), "unknown", f"is not known here; {names}")
    for name, field in known.items():
        if name in value:
            yield from validation_errors(value[name], field.type, (*path, name), strict=strict)
        elif field.required:
            yield Problem(pointer(*path, name), "missing", "is missing")


def _parts(schema: Any) -> Iterator[Any]:
    """Yield the alternatives of a union, or the type itself."""
    if get_origin(schema) is Annotated:
        yield from _parts(get_args(schema)[0])
    elif get_origin(schema) is Union or type(schema).__name__ == "UnionType":
        for one in get_args(schema):
            yield from _parts(one)
    else:
        yield schema


def _described(message: str, schema: Any) -> tuple[str, str]:
    """Return the code and the sentence for a message of msgspec.

    Example:
        >>> _described("Expected `int | null`, got `str`", int | None)
        ('type', 'must be a whole number or null, not text')
        >>> _described("Expected `str` of length <= 3", str)
        ('range', 'must be at most 3 characters long')
        >>> _described("Invalid enum value 'x'", Literal["a", "b"])
        ('unknown', 'must be one of: a, b')
        >>> _described("Number out of range", float)
        ('range', 'is larger than a number can be here')
    """
    if found := _GOT.match(message):
        wanted = " or ".join(WORDS.get(name, name) for name in found["wanted"].split(" | "))
        return "type", f"must be {wanted}, not {WORDS.get(found['got'], found['got'])}"
    if found := _BOUND.match(message):
        bound = f"must be {_SIGNS[found['sign']]} {found['bound']}"
        return "range", bound + (" characters long" if found["length"] and found["type"] == "str" else "")
    if message.startswith("Number out of range"):
        return "range", "is larger than a number can be here"
    if message.startswith("Invalid enum value"):
        choices = [choice for part in _parts(schema) if get_origin(part) is Literal for choice in get_args(part)]
        return "unknown", f"must be one of: {', '.join(map(str, choices))}"
    if "matching regex" in message:
        form = next(_descriptions(schema), "text of another form")
        return "unknown" if form.startswith("some of") else "range", f"must be {form}"
    return "type", message.replace("`", "'")


def _descriptions(schema: Any) -> Iterator[str]:
    if get_origin(schema) is Annotated:
        yield from (meta.description for meta in get_args(schema)[1:] if getattr(meta, "description", None))
        schema = get_args(schema)[0]
    if get_origin(schema) is Union or type(schema).__name__ == "UnionType":
        for one in get_args(schema):
            yield from _descriptions(one)
