"""An upper bound of the features and categories of a training, from the schema of its table alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from model.columns.categorical import MOST_CATEGORIES, MOST_EMBEDDED
from model.columns.enough_rows import CATEGORY, enough, learns_gaps
from model.design import CodeColumn
from model.spec import Spec
from model.training.footprint import Shape


def expected_shape(columns: Sequence[Mapping[str, Any]], rows: int, spec: Spec) -> Shape:
    """Return the largest shape that training can find in a table with these input columns in its schema.

    Only the training rows tell which categories are common enough for a feature. The bound counts the listed categories
    that are common enough in all rows, and as many of the others as there can be.
    """
    declared = {name: options.kind for name, options in spec.columns}
    dropped = {name for name, options in spec.columns if options.drop}
    held_out = 0.0 if spec.validation.folds else spec.validation.fraction
    trained = int(rows * (1 - held_out))
    needed = enough(CATEGORY, trained)
    inputs, codes, numbers = 0, [], []
    scored = spec.numbers == "scaled_and_ranked"
    for column in columns:
        if column["name"] in dropped:
            continue
        missing = learns_gaps(column["missing"], trained)
        kind = declared.get(column["name"]) or column["kind"]
        if kind != "categorical":
            missing |= kind != column["kind"]  # texts such as "NA" become gaps
            numeric = kind in {"numeric", "date"}
            numbers += [inputs] if numeric else []
            inputs += 1 + missing + (scored and numeric)
            continue
        most = _categories(column, rows - column["missing"], needed) + missing
        if spec.embedded is not None and most >= spec.embedded.at_least:
            codes.append(CodeColumn(inputs, min(most, MOST_EMBEDDED)))
            inputs += 1
        else:
            inputs += min(most, MOST_CATEGORIES + 2)
    return Shape(rows, len(columns) + 1, max(inputs, 1), tuple(codes), numbers=tuple(numbers))


def _categories(column: Mapping[str, Any], known: int, needed: int) -> int:
    """Return the largest number of features of the categories, including the shared feature of rare ones."""
    listed = [each["count"] for each in column.get("categories", ())]
    common = sum(count >= needed for count in listed)
    distinct = math.inf if column.get("distinct_at_least") else _distinct(column)
    if common == len(listed) < distinct:
        common += int(min(distinct - len(listed), (known - sum(listed)) // needed))
    return int(max(common, 1) + (common < distinct))


def _distinct(column: Mapping[str, Any]) -> float:
    """Return the largest number of values of a column. Numbers that are declared categories are taken as whole."""
    if column["kind"] in {"categorical", "boolean"}:
        return float(column.get("distinct", 2))
    return math.inf if column["kind"] == "date" or column["min"] is None else column["max"] - column["min"] + 1
