"""Validates the training spec of a request: its own problems, and those with the dataset."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from app.parsing.json_pointer import pointer
from model.errors import Problem, SpecError
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.names import clipped
from model.spec import Recipe, Spec, parse_recipe


def read_spec(raw: object, here: str) -> tuple[Recipe | None, list[Problem]]:
    """Return the parsed spec, or None and its problems with pointers that begin `here`."""
    try:
        return parse_recipe(raw), []
    except SpecError as error:
        return None, [replace(problem, pointer=here + problem.pointer) for problem in error.problems]


def dataset_errors(spec: Spec, inputs: Mapping[str, str], others: Collection[str], here: str) -> list[Problem]:
    """Return the problems of a spec with a dataset of these input columns; `others` are its target and id column.

    `inputs` are the kinds of the columns in the dataset's schema. The training checks the values of a declared kind.
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
        found = inputs.get(column)
        if options.kind not in (None, found, "categorical") and found not in (None, "categorical"):
            detail = f"column {clipped(column)!r} is {found} in the dataset: leave the kind out, or make it categorical"
            problems.append(Problem(here + pointer("columns", column, "kind"), "conflict", detail))
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
