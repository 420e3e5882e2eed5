"""Validates the training spec of a request: its own problems, and those with the dataset."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from app.parsing.json_pointer import pointer
from model.columns.cells import Words
from model.columns.declared import declared, not_as_declared
from model.columns.options import ColumnOptions
from model.columns.read_as import Reading
from model.columns.row_problems import short_repr
from model.errors import Problem, SpecError
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.names import clipped
from model.spec import Recipe, Spec, parse_recipe

Summary: TypeAlias = Mapping[str, Any]
"""A column of a dataset's schema."""


def read_spec(raw: object, here: str) -> tuple[Recipe | None, list[Problem]]:
    """Return the parsed spec, or None and its problems with pointers that begin `here`."""
    try:
        return parse_recipe(raw), []
    except SpecError as error:
        return None, [replace(problem, pointer=here + problem.pointer) for problem in error.problems]


def dataset_errors(spec: Spec, inputs: Mapping[str, Summary], others: Collection[str], here: str) -> list[Problem]:
    """Return the problems of a spec with a dataset of these input columns; `others` are its target and id column.

    `inputs` has the columns of the dataset's schema. They list the most frequent texts; the training checks all.
    """
    named: list[tuple[str, ...]] = [("columns", name) for name, _ in spec.columns]
    if isinstance(spec.reasons.baseline, tuple):
        named += [("reasons", "baseline", name) for name, _ in spec.reasons.baseline]
    problems = [
        Problem(here + pointer(*place), "unknown", f"the dataset has no input column {clipped(place[-1])!r}")
        for place in named
        if place[-1] not in inputs
    ]
    for column, options in spec.columns:
        if column in inputs and not options.drop:
            found = _option_errors(column, options, inputs[column])
            problems += [replace(problem, pointer=here + problem.pointer) for problem in found]
    for role, name in (("time", spec.validation.time), ("group", spec.validation.group)):
        if name is not None and name not in (*inputs, *others):
            detail = f"the dataset has no column {clipped(name)!r}"
            problems.append(Problem(here + pointer("validation", role), "unknown", detail))
    dropped = {name for name, options in spec.columns if options.drop}
    if inputs and dropped.issuperset(inputs):
        detail = "every input column is dropped: leave at least one to learn from"
        problems.append(Problem(here + pointer("columns"), "conflict", detail))
    if not isinstance(spec.loss, BinaryCrossEntropy):
        detail = "the service trains with binary_cross_entropy only: train other targets with python -m model"
        problems.append(Problem(here + pointer("loss"), "conflict", detail))
    return problems


def _option_errors(name: str, options: ColumnOptions, column: Summary) -> Iterator[Problem]:
    """Yield the problem of a declared kind or reading with what the schema tells of the column."""
    found, said = column["kind"], f"column {clipped(name)!r} is {column['kind']} in the dataset"
    if options.read_as is not None and found not in (Reading(options.read_as).kind, "categorical"):
        detail = f"{said}, and {options.read_as} does not read that: leave the read_as out"
        yield Problem(pointer("columns", name, "read_as"), "conflict", detail)
    elif options.kind not in (None, found, "categorical") and found != "categorical":
        detail = f"{said}: leave the kind out, or make it categorical"
        yield Problem(pointer("columns", name, "kind"), "conflict", detail)
    elif found == "categorical" and (options.kind, options.read_as) != (None, None):
        words = Words.of([each["value"] for each in column.get("categories", ())])
        if (lost := declared(words, options)[1]) is not None:
            yield not_as_declared(name, options, short_repr(words.scalar(lost)))
