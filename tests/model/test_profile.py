"""The profile by chunks equals that of the whole table, in bounded memory."""

import io
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.columns import Numbers, Table, Words
from model.columns.reading_warnings import found_in
from model.columns.schema import Schema
from model.errors import ColumnError, ModelError, TableError
from model.profile import id_profile, word_tally
from model.profile.id_profile import IdProfile
from model.profile.sample import RowSampler
from model.profile.table_profile import TableProfile
from model.profile.word_tally import WordTally
from model.tables import reader
from model.tables.file_reading import FileReading
from model.tables.profiling import profile_file
from model.tables.reader import read_table

CELLS = st.sampled_from(
    [
        "",
        " ",
        "NA",
        "1",
        "2",
        "-3.5",
        "1e3",
        "1e999",
        "true",
        "False",
        "yes",
        "no",
        "2024-01-02",
        "2024-01-02T03:04:05Z",
        "9999-12-31T23:59:59-14:00",
    ]
) | st.text("ab1é", max_size=3)
KINDS = st.sampled_from(
    [
        st.sampled_from(["yes", "no"]),
        st.sampled_from(["1", "0"]),
        st.sampled_from(["1", "2", "3.25", ""]),
        st.sampled_from(["true", "FALSE", ""]),
        st.sampled_from(["2024-01-02", "2024-02-03T04:05:06Z"]),
        st.sampled_from(["0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z"]),
        st.sampled_from(["7"]),
        st.sampled_from(["", "NA"]),
        CELLS,
    ]
)


@st.composite
def tables(draw: Any) -> bytes:
    rows = draw(st.integers(1, 60))
    columns = [draw(st.lists(draw(KINDS), min_size=rows, max_size=rows)) for _ in range(4)]
    lines = ["id,churned,a,b", *(",".join(cells) for cells in zip(*columns, strict=True))]
    return "\n".join(lines).encode() + b"\n"


COMMAS = FileReading("csv", encoding="utf-8", delimiter="comma")


def whole(data: bytes, target: str | None, id_column: str | None) -> Schema:
    """Return the schema of the table read as a whole, with the kinds known before counting."""
    table = read_table(io.BytesIO(data), "csv", [] if id_column is None else [id_column])
    found = {name: reading for name, cells in table.columns.items() if (reading := found_in(cells)) is not None}
    profile = TableProfile(target, id_column, found)
    profile.add(table.columns, table.rows)
    return replace(profile.schema(), read_as=COMMAS.to_json())


def told(look: Any) -> Any:
    """Return the schema as JSON with rounded means, or the error."""
    try:
        schema = look().to_json()
    except ModelError as error:
        return type(error), str(error)
    for column in schema["columns"]:
        if column.get("mean") is not None:
            column["mean"] = float(f"{column['mean']:.12g}")
    return schema


@settings(max_examples=300, deadline=None)
@given(tables(), st.sampled_from([1, 3, 7, 100]), st.sampled_from([None, "churned", "gone"]), st.booleans())
def test_chunks_of_any_size_give_the_schema_of_the_whole_table(
    data: bytes, rows: int, target: str | None, named: bool
) -> None:
    id_column = "id" if named else None
    chunked = told(lambda: profile_file(io.BytesIO(data), COMMAS, target, id_column, chunk_rows=rows))
    assert chunked == told(lambda: whole(data, target, id_column))


def csv(columns: dict[str, list[object]]) -> io.BytesIO:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    return io.BytesIO("\n".join(lines).encode() + b"\n")


def test_a_late_text_makes_a_column_of_numbers_a_column_of_texts() -> None:
    months: list[object] = [*range(40_000), "12 months"]
    schema = profile_file(csv({"months": months, "x": [1, 2] * 20_000 + [3]}), "csv").to_json()
    assert schema["columns"][0]["kind"] == "categorical"
    [warning] = schema["warnings"]
    assert (warning["code"], warning["column"]) == ("mixed_column", "months")
    assert "'12 months' in row 40001" in warning["detail"]


def test_the_schema_says_that_distinct_texts_exceed_the_limit() -> None:
    names: list[object] = [f"n{i}" for i in range(word_tally.MOST_WORDS + 500)]
    schema = profile_file(csv({"name": names, "x": [i % 3 for i in range(len(names))]}), "csv").to_json()
    assert (schema["columns"][0]["distinct"], schema["columns"][0]["distinct_at_least"]) == (
        word_tally.MOST_WORDS,
        True,
    )
    assert [warning["code"] for warning in schema["warnings"]] == ["too_many_categories"]
    assert "more than 20,000 different texts" in schema["warnings"][0]["detail"]


def test_ndjson_records_may_add_and_omit_columns() -> None:
    lines = [{"a": 1}] * 5 + [{"b": "x"}] * 5 + [{"a": 2, "b": None, "c": True}] * 5
    data = "\n".join(map(json.dumps, lines)).encode()
    schema = profile_file(io.BytesIO(data), "ndjson", chunk_rows=4).to_json()
    found = {column["name"]: (column["kind"], column["missing"]) for column in schema["columns"]}
    assert found == {"a": ("numeric", 5), "b": ("categorical", 10), "c": ("boolean", 10)}


def test_types_that_differ_between_chunks_of_ndjson_are_refused_with_both_rows() -> None:
    data = b"\n".join([b'{"a": 1}'] * 9 + [b'{"a": "x"}'])
    with pytest.raises(TableError, match="column 'a' holds a number in row 1 and text in row 10"):
        profile_file(io.BytesIO(data), "ndjson", chunk_rows=4)


@pytest.mark.parametrize(
    ("data", "target", "error"),
    [
        (b"a,churned\n1,yes\n2\n", "churned", "line 3 has 1 cells where the header has 2"),
        (b"a,churned\n1,yes\n1e999,no\n", "churned", "column 'a' is infinite or too large in row 2"),
        (b"a,churned\n1,yes\n2,\n3,no\n4,\n", "churned", "is empty in 2 of 4 rows, first in row 2"),
        (b"a,churned\n1,yes\n2,no\n3,maybe\n", "churned", "holds 'maybe' in row 3"),
        (b"a,churned\n1,2024-01-02\n2,2024-01-02T00:00:00Z\n", "churned", "holds '2024-01-02' in row 1"),
        (b"a,churned\n1,1\n2,0\n3,2\n", "churned", "holds 2 in row 3"),
        (b"a,churned\n1,1\n2,1\n", "churned", "all 2 rows churned"),
        (b"a,churned\n", "churned", "no rows"),
    ],
)
def test_a_table_unfit_for_training_is_refused_in_chunks(data: bytes, target: str, error: str) -> None:
    with pytest.raises((TableError, ColumnError), match=error):
        profile_file(io.BytesIO(data), "csv", target, chunk_rows=2)


def test_a_leaking_column_is_found_in_a_sample_of_the_whole_table() -> None:
    """Also if all churners are at the end."""
    n = 300_000
    churned = np.arange(n) >= n * 9 // 10
    profile = TableProfile("churned", sample_rows=1000)
    rng = np.random.default_rng(0)
    leak, noise = churned + rng.random(n) * 0.1, rng.random(n)
    for start in range(0, n, 7_000):
        rows = slice(start, start + 7_000)
        cells = {"leak": leak[rows], "noise": noise[rows], "churned": churned[rows].astype(float)}
        profile.add({name: Numbers(values) for name, values in cells.items()}, len(leak[rows]))
    schema = profile.schema()
    assert [(warning.code, warning.column) for warning in schema.warnings] == [("leaking_column", "leak")]
    assert (schema.rows, schema.positives) == (n, int(churned.sum()))


def test_the_sample_is_even_and_small() -> None:
    rows, kept = RowSampler(100), np.zeros(0, np.int64)
    for chunk in (1, 30, 500, 3, 900):
        kept = np.append(kept, rows.seen + rows.pick(chunk))
        while rows.thin():
            kept = kept[::2]
    assert len(kept) <= 100
    assert set(np.diff(kept)) == {rows.stride}


def test_ids_are_compared_across_chunks() -> None:
    profile = IdProfile("id")
    for part in (["a", "b"], ["c", "a", None], ["b"]):
        profile.add(Words.of(part))
    [warning] = profile.warnings()
    assert "repeats in 2 rows and is empty in 1" in warning.detail
    few = IdProfile("id", most=3)
    for part in (["a", "a"], ["c", "a"]):
        few.add(Words.of(part))
    assert "repeats in 1 rows of the first 3 and" in few.warnings()[0].detail
    assert id_profile.MOST_IDS > 3


def test_words_beyond_the_limit_are_missing_in_the_sample() -> None:
    tally = WordTally(most=2)
    codes, _ = tally.add(Words.of(["a", "b", "c", "a"]), 1)
    assert codes.tolist() == [0, 1, -1, 0]
    assert tally.facts() == {
        "distinct": 2,
        "distinct_at_least": True,
        "categories": [{"value": "a", "count": 2}, {"value": "b", "count": 1}],
    }


def test_memory_does_not_grow_with_the_table(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    row = ",".join(f"{i}.5" for i in range(12))
    with path.open("w") as file:
        file.write("id," + ",".join(f"c{i}" for i in range(12)) + ",churned\n")
        file.writelines(f"c-{i},{row},{i % 2}\n" for i in range(700_000))
    profile_file(path, "csv", "churned", "id")  # loads everything that is loaded once
    me = psutil.Process()
    before, peak = me.memory_info().rss, 0
    profile = TableProfile("churned", "id")
    for number, chunk in zip(itertools.count(), reader.read_cells(path, "csv", {"id"}), strict=False):
        profile.add(chunk.columns, chunk.rows)
        if number % 8 == 0:
            peak = max(peak, me.memory_info().rss)
    assert profile.schema().rows == 700_000
    assert peak - before < 100 * 2**20


def test_a_table_in_memory_is_one_chunk() -> None:
    table = Table({"a": Words.of(["x", "y"])}, 2)
    profile = TableProfile()
    profile.add(table.columns, table.rows)
    assert profile.schema().columns[0].facts["distinct"] == 2
