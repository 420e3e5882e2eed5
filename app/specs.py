"""A training spec inside a larger document: its problems beside those of the rest, so that all are told together."""

from collections.abc import Mapping
from dataclasses import replace

from model.errors import Problem, SpecError
from model.spec import Spec, parse_spec


def read_spec(raw: Mapping[str, object], here: str) -> tuple[Spec | None, list[Problem]]:
    """Return the parsed spec, or None and its problems with pointers that begin `here`."""
    try:
        return parse_spec(raw), []
    except SpecError as error:
        return None, [replace(problem, pointer=here + problem.pointer) for problem in error.problems]
