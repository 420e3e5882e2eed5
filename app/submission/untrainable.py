"""Finds the columns of a dataset that a training would certainly refuse, from the dataset's schema."""

import math
from collections.abc import Mapping
from typing import Any

from app.parsing.json_pointer import pointer
from model.columns.categorical import MOST_CATEGORIES, MOST_EMBEDDED, too_detailed
from model.columns.options import DEFAULT
from model.errors import Problem
from model.names import clipped
from model.spec import Spec


def untrainable(spec: Spec, inputs: Mapping[str, Mapping[str, Any]], rows: int, here: str) -> list[Problem]:
    """Return the problems of columns with too many texts, or of a dataset without a column to learn from.

    Held-out rows may hold texts that the training rows lack, so that a column near the limit is left to the training.
    """
    options, held = dict(spec.columns), spec.validation
    kept = {name: one for name, one in inputs.items() if not options.get(name, DEFAULT).drop}
    if kept and all(_has_one_value(column, rows) for column in kept.values()):
        detail = "every input column has one value or none: there is nothing to learn from"
        return [Problem(here + pointer("columns"), "conflict", detail)]
    if held.time is not None or held.group is not None:
        return []  # such rows can be more than the fraction
    held_out = 0 if held.folds else math.ceil(held.fraction * rows) + 1
    most = MOST_CATEGORIES if spec.embedded is None else MOST_EMBEDDED
    return [
        Problem(here + pointer("columns", name), "conflict", _too_many(name, column["distinct"]))
        for name, column in kept.items()
        if column["kind"] == "categorical"
        and options.get(name, DEFAULT).read_as is None
        and options.get(name, DEFAULT).kind in (None, "categorical")
        and too_detailed(column["distinct"] - held_out, rows, most)
    ]


def _has_one_value(column: Mapping[str, Any], rows: int) -> bool:
    if column["missing"]:
        return bool(column["missing"] == rows)
    if column["kind"] == "boolean":
        return 0 in (column["true"], column["false"])
    return bool(column["distinct"] <= 1 if column["kind"] == "categorical" else column["min"] == column["max"])


def _too_many(name: str, distinct: int) -> str:
    return (
        f"column {clipped(name)!r} has {distinct:,} different texts, too many for categories: if it identifies "
        'customers, name it as the id column; otherwise group its values, or leave it out with {"drop": true}'
    )
