"""The digests of rows: the same for the same row, in any file and with any NumPy."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.columns import Table
from model.columns.cells import Flags, Numbers, Words
from model.errors import ColumnError, FileError
from model.seen_rows import SeenRows, in_several_parts, row_digests
from model.storage import pack
from model.tables.reader import read_cells, read_table
from model.unseen import Contender, labelled_rows
from tests.model.fitted import fit, home_table

NAMES = ["id", "plan", "charge", "months", "paperless", "since"]
ROWS: list[list[Any]] = [
    ["7590-VHVEG", "DSL", 29.85, 1, True, "2024-05-01"],
    ["5575-GNVDE", "Fibre", 56.95, 34, False, "2021-11-30"],
    ["3668-QPYBK", None, 53.85, 2, True, "2024-04-01"],
    ["0007", "é, 日本", None, -0.0, None, None],
    ["9007199254740993", "other", 1889.5, 45, False, "2020-02-29"],
]


def as_csv() -> tuple[bytes, str]:
    shown = [["" if cell is None else str(cell) for cell in row] for row in ROWS]
    quoted = "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in [NAMES, *shown])
    return quoted.encode(), "csv"


def as_ndjson() -> tuple[bytes, str]:
    return "\n".join(json.dumps(dict(zip(NAMES, row, strict=True))) for row in ROWS).encode(), "ndjson"


def as_parquet(charge: pa.DataType) -> tuple[bytes, str]:
    table = pa.table(dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True)))
    table = table.set_column(2, "charge", table["charge"].cast(charge))
    table = table.set_column(5, "since", table["since"].cast(pa.date32()))
    sink = BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue(), "parquet"


FILES = [as_csv(), as_ndjson(), as_parquet(pa.float64()), as_parquet(pa.float32())]


@pytest.mark.parametrize("columns", [["id"], NAMES[1:], NAMES, *([name] for name in NAMES)])
def test_a_row_has_one_digest_in_every_format_and_chunk(columns: list[str]) -> None:
    expected = row_digests(read_table(BytesIO(FILES[0][0]), "csv"), columns)
    assert len(set(expected.tolist())) == len({tuple(row[NAMES.index(name)] for name in columns) for row in ROWS})
    for data, file_format in FILES:
        whole = read_table(BytesIO(data), file_format)
        assert row_digests(whole, columns).tolist() == expected.tolist(), file_format
        chunks = read_cells(BytesIO(data), file_format, (), rows=2)
        assert np.concatenate([row_digests(chunk, columns) for chunk in chunks]).tolist() == expected.tolist()


def test_digests_are_the_same_in_every_release() -> None:
    """Versions keep them: if these change, FORMAT must, too."""
    table = Table({"a": Numbers.of([7, 0.1, None]), "b": Words.of(["x", "true", None])}, 3)
    assert row_digests(table, ["a", "b"]).tolist() == [1342242838, 2084945098, 2701826758]


def test_a_value_has_one_digest_in_every_kind_of_column() -> None:
    numbers, words = Numbers.of([7, 0.1, None, 1, 0]), Words.of(["7.0", "0.10", "NA", "true", "FALSE"])
    flags = Flags(np.array([np.nan, np.nan, np.nan, 1.0, 0.0]))
    for cells in (words, flags):
        both = row_digests(Table({"a": numbers}, 5), "a") == row_digests(Table({"a": cells}, 5), "a")
        assert both[2:].all()
    assert (row_digests(Table({"a": numbers}, 5), "a") == row_digests(Table({"a": words}, 5), "a")).all()


def test_columns_do_not_swap_their_values() -> None:
    table = Table({"a": Numbers.of([1, 2]), "b": Numbers.of([2, 1])}, 2)
    assert len(set(row_digests(table, ["a", "b"]).tolist())) == 2


TEXTS = {
    "a unit": [f"{i}X" for i in range(40)],
    "a currency": [f"${i},234.50" for i in range(1, 41)],
    "a decimal comma": [f"{i}.234,5" for i in range(1, 41)],
    "a decimal comma in some rows": ["1,5", *(f"{i}.234" for i in range(1, 40))],
    "dates of another format": [f"{i % 28 + 1:02}/{i % 12 + 1:02}/2023" for i in range(40)],
    "marks of missing values": ["-", "?", *map(str, range(38))],
    "flags": ["yes", "no", "unknown", "none"] * 10,
    "dates": ["2024-05-01", "0000-00-00", "2021-11-30 ", "-"] * 10,
    "blanks and marks among categories": ["DSL", "DSL ", "#N/A", "fibre"] * 10,
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
def test_a_row_is_found_again_however_its_texts_are_read(name: str, file_format: str) -> None:
    records = "\n".join(json.dumps({"text": text}) for text in TEXTS[name])
    lines = "\n".join(f'"{text}"' for text in ["text", *TEXTS[name]])
    data = (lines if file_format == "csv" else records).encode()
    seen = SeenRows.of([read_table(BytesIO(data), file_format)], ["text"])
    for kept in ((), ("text",)):
        chunks = read_cells(BytesIO(data), file_format, kept, rows=3)
        assert np.concatenate([seen.find(chunk) for chunk in chunks]).all()


def test_seen_rows_are_found_again_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    table = Table({"a": Numbers(rng.normal(size=40_000)), "b": Words.of([f"w{i % 7}" for i in range(40_000)])}, 40_000)
    half = table.take(np.arange(0, 40_000, 2))
    seen = SeenRows.from_bytes(SeenRows.of([half], ["a", "b"]).to_bytes())
    found = seen.find(table)
    assert found[::2].all()
    assert found[1::2].sum() <= 3, "20,000 / 2^32 of 20,000 rows"
    assert len(seen.to_bytes()) < 4 * 20_000 + 500


def test_a_row_without_an_id_counts_as_seen() -> None:
    seen = SeenRows.of([Table({"id": Words.of(["a", "b"])}, 2)], ["id"])
    assert seen.find(Table({"id": Words.of(["a", None, "c"])}, 3)).tolist() == [True, True, False]


def test_a_table_without_the_columns_is_refused() -> None:
    seen = SeenRows.of([Table({"id": Words.of(["a", "b"])}, 2)], ["id"])
    with pytest.raises(ColumnError, match="the table lacks 'id', by which"):
        seen.find(Table({"key": Words.of(["a"])}, 1))


def test_damaged_bytes_and_another_format_are_refused() -> None:
    for data in (b"damaged", pack({"seen_rows": 2, "columns": []}, {"digests": np.zeros(0, np.uint32)})):
        with pytest.raises(FileError):
            SeenRows.from_bytes(data)


def test_rows_in_several_parts_are_those_whose_twin_is_in_another() -> None:
    digests = np.array([5, 5, 6, 7, 7, 7, 8], np.uint32)
    parts = np.array([0, 0, 1, 2, 2, 0, 1])
    assert in_several_parts(digests, parts).tolist() == [False, False, False, True, True, True, False]


def test_an_invalid_label_of_a_hold_out_is_told_with_its_row_of_the_file():
    table = home_table(200)
    estimator = fit(table, id_column="customer_id").estimator()
    seen = SeenRows.of([table.take(np.arange(50))], ["customer_id"])
    champion, candidate = (Contender(name, estimator, lambda: seen) for name in ("version 1", "version 2"))
    churned = [*table.columns["churned"].scalars()[:140], "perhaps", *table.columns["churned"].scalars()[141:]]
    wrong = Table({**table.columns, "churned": Words.of(churned)}, 200)
    chunks = [wrong.take(rows) for rows in np.split(np.arange(200), 2)]
    with pytest.raises(ColumnError, match="holds 'perhaps' in row 141:"):
        labelled_rows(chunks, "churned", champion, candidate)
