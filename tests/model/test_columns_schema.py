import json

import numpy as np
import pytest

from model.columns import Days, Flags, Numbers, Table, Words
from model.columns.schema import Schema
from model.columns.target import labels
from model.errors import ColumnError
from model.profile.table_profile import TableProfile

RNG = np.random.default_rng(0)
Y = (np.arange(400) % 4 == 0).astype(float)


def table(**columns) -> Table:
    target = Words.of(["yes" if churned else "no" for churned in Y])
    return Table({"id": Numbers(np.arange(400.0)), "churned": target, **columns}, 400)


def infer_schema(whole: Table, target: str | None = None, id_column: str | None = None) -> Schema:
    profile = TableProfile(target, id_column)
    profile.add(whole.columns, whole.rows)
    return profile.schema()


def warnings(**columns) -> list[tuple[str, str | None]]:
    schema = infer_schema(table(**columns), "churned", "id")
    return [(warning.code, warning.column) for warning in schema.warnings]


def test_a_schema_has_kinds_ranges_categories_missing_counts_and_target():
    months = RNG.integers(1, 61, 400).astype(float)
    months[:3] = np.nan, 1, 60
    schema = infer_schema(
        table(
            months=Numbers(months),
            plan=Words.of([None, *["basic"] * 300, *["family"] * 99]),
            paid=Flags(np.array([1.0, 0.0] * 200)),
            joined=Days(np.arange(19700.0, 20100.0)),
        ),
        "churned",
        "id",
    )
    json.dumps(schema.to_json(), allow_nan=False)
    assert schema.to_json() == {
        "rows": 400,
        "columns": [
            {
                "name": "months",
                "kind": "numeric",
                "missing": 1,
                "min": 1,
                "max": 60,
                "mean": pytest.approx(np.nanmean(months)),
            },
            {
                "name": "plan",
                "kind": "categorical",
                "missing": 1,
                "distinct": 2,
                "categories": [{"value": "basic", "count": 300}, {"value": "family", "count": 99}],
            },
            {"name": "paid", "kind": "boolean", "missing": 0, "true": 200, "false": 200},
            {"name": "joined", "kind": "date", "missing": 0, "min": "2023-12-09", "max": "2025-01-11"},
        ],
        "id": "id",
        "target": {"name": "churned", "positives": 100, "rate": 0.25},
        "warnings": [],
    }


def test_constant_and_empty_columns_get_a_warning():
    assert warnings(
        a=Numbers(np.full(400, 7.0)), b=Words.of(["x"] * 400), c=Numbers(np.full(400, np.nan)), d=Flags(np.ones(400))
    ) == [("constant_column", "a"), ("constant_column", "b"), ("empty_column", "c"), ("constant_column", "d")]


def test_a_column_with_one_value_and_missing_cells_is_not_constant():
    cells = Numbers(np.where(RNG.random(400) < 0.5, 7.0, np.nan))
    assert warnings(a=cells) == []


@pytest.mark.parametrize(
    "cells",
    [
        Numbers(Y * 3 + RNG.random(400)),
        Numbers(-Y * 3 + RNG.random(400)),
        Flags(Y),
        Numbers(np.where(Y == 1.0, 5.0, np.nan)),
        Words.of(["closed" if churned else "open" for churned in Y]),
        Words.of([None if churned else "open" for churned in Y]),
    ],
    ids=["rising", "falling", "flag", "gaps", "words", "missing words"],
)
def test_a_leaking_column_gets_a_warning(cells):
    assert warnings(leak=cells) == [("leaking_column", "leak")]


def test_informative_columns_get_no_leak_warning():
    assert warnings(a=Numbers(Y + RNG.normal(size=400)), b=Words.of([f"word {i % 199}" for i in range(400)])) == []


def test_an_identifying_or_numbering_column_gets_a_warning():
    found = warnings(name=Words.of([f"person {i}" for i in range(400)]), number=Numbers(np.arange(5000.0, 5400.0)))
    assert found == [("too_many_categories", "name"), ("row_number", "number")]


def test_too_many_categories_and_nearly_numeric_texts_get_a_warning():
    many = Table(
        {
            "churned": Flags((np.arange(2000) % 2).astype(float)),
            "name": Words.of([f"person {i}" for i in range(2000)]),
            "charge": Words.of([*(str(i) for i in range(1999)), "free"]),
        },
        2000,
    )
    codes = [(warning.code, warning.column) for warning in infer_schema(many, "churned").warnings]
    assert codes == [("too_many_categories", "name"), ("mixed_column", "charge")]


def test_too_few_churners_get_a_warning():
    few = Table({"churned": Flags((np.arange(1000) < 30).astype(float)), "x": Numbers(RNG.random(1000))}, 1000)
    (warning,) = infer_schema(few, "churned").warnings
    assert warning.code == "too_few_churners"
    assert "30 of 1,000" in warning.detail


def test_repeated_and_missing_ids_get_a_warning():
    ids = Words.of(["c-1", "c-1", None, *[f"c-{i}" for i in range(3, 400)]])
    (warning,) = infer_schema(Table({"id": ids, "x": Numbers(RNG.random(400))}, 400), None, "id").warnings
    assert warning.code == "unclear_ids"
    assert "repeats in 1 rows and is empty in 1" in warning.detail


def test_a_missing_target_or_id_column_is_refused_with_the_existing_names():
    with pytest.raises(ColumnError, match="no target column 'gone'; the table has 'id', 'churned'"):
        infer_schema(table(), "gone")
    with pytest.raises(ColumnError, match="no id column 'gone'"):
        infer_schema(table(), "churned", "gone")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (Numbers(np.array([0.0, 1.0, 0.5])), "holds 0.5 in row 3"),
        (Words.of(["yes", "perhaps"]), "'perhaps' in row 2"),
        (Days(np.array([1.0, 2.0])), "'1970-01-02' in row 1"),
        (Numbers(np.array([0.0, np.nan, 1.0])), "empty in 1 of 3 rows, first in row 2"),
        (Numbers(np.zeros(0)), "no rows"),
    ],
)
def test_a_target_that_is_not_yes_or_no_is_refused(cells, said):
    with pytest.raises(ColumnError, match=said):
        labels(cells, "churned")


@pytest.mark.parametrize(
    "cells",
    [
        Numbers(np.array([0.0, 1.0])),
        Flags(np.array([0.0, 1.0])),
        Words.of(["No", "YES"]),
        Words.of(["stayed", "churned"]),
    ],
)
def test_a_target_accepts_several_words_for_yes_and_no(cells):
    assert labels(cells, "churned").tolist() == [0.0, 1.0]
