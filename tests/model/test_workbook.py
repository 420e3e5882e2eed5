"""XLSX workbooks are read like CSV: the first row names the columns, and the first visible sheet is read."""

import io
from dataclasses import replace

import pytest

from model.columns.categorical import CategoricalColumn
from model.columns.cells import Days, Flags, Numbers, Words
from model.columns.numeric import NumericColumn
from model.columns.row_problems import RowProblems
from model.errors import TableError
from model.tables.file_reading import FileReading
from model.tables.opening import recognise
from model.tables.profiling import profile_file
from model.tables.reader import read_chunks, read_table
from tests.model.workbooks import Dated, workbook

NAMES = ("id", "months", "plan", "paid", "joined", "churned")
ROWS = [(f"{i:03}", i % 7 + 0.5, ("basic", "Köln")[i % 2], i % 3 == 0, Dated(45_000 + i), i % 5 % 2) for i in range(60)]
BOOK = workbook({"Kunden": [NAMES, *ROWS]})


def test_a_workbook_has_the_cells_of_the_same_csv_file() -> None:
    table = read_table(io.BytesIO(BOOK), "xlsx")
    kinds = {name: type(cells) for name, cells in table.columns.items()}
    assert kinds == dict(zip(NAMES, (Numbers, Numbers, Words, Flags, Days, Numbers), strict=True))
    assert [table.columns[name].scalar(1) for name in NAMES[1:]] == [1.5, "Köln", False, "2023-03-16", 1]
    assert table.read_as == {"sheet": "Kunden"}
    (chunk,) = read_chunks(io.BytesIO(BOOK), "xlsx", (), "id", {"months"})
    assert (chunk.ids, chunk.rows) == ([row[0] for row in ROWS], 60)
    told = profile_file(io.BytesIO(BOOK), "xlsx", "churned", "id").to_json()
    assert (told["rows"], told["read_as"]) == (60, {"format": "xlsx", "sheet": "Kunden"})
    assert told["columns"][3] == {
        "name": "joined",
        "kind": "date",
        "missing": 0,
        "min": "2023-03-15",
        "max": "2023-05-13",
    }


def test_whole_ids_have_no_point_and_blank_rows_are_none() -> None:
    rows = [(), (None, "id", "x"), (), (None, 1001.0, 2), (None, None, None), (None, "0007", None), ()]
    (chunk,) = read_chunks(io.BytesIO(workbook({"a": rows})), "xlsx", (), "id")
    assert (chunk.ids, chunk.columns["x"].scalars()) == (["1001", "0007"], [2, None])


def test_a_column_of_numbers_is_numbers_whatever_mark_texts_are_read_with() -> None:
    rows = [("id", "fee", "code"), (1001, 1.234, 7), (1002, None, 8), (10**12, 12.5, 9)]
    (chunk,) = read_chunks(io.BytesIO(workbook({"a": rows})), "xlsx", {"fee", "code"}, "id")
    column = NumericColumn.fit("fee", Numbers.of([1.0, 2.0, 20.0]))
    by_comma, problems = replace(column, texts=True, read_as="decimal_comma"), RowProblems()
    assert by_comma.read(chunk.columns["fee"], problems).scalars() == [1.234, None, 12.5]  # not 1234
    assert problems.rows == {}
    plan = CategoricalColumn.fit("code", Words.of(["7", "8", "A"] * 50))
    assert plan.read(chunk.columns["code"], problems).scalars()[:2] == ["7", "8"]
    assert chunk.ids == ["1001", "1002", "1000000000000"]


def test_of_several_sheets_the_first_is_read_and_told_and_another_can_be_named() -> None:
    book = workbook({"Kunden": [("a",), (1,)], "Alt": [("b",), (2,)]})
    reading, (warning,) = recognise(io.BytesIO(book), "xlsx")
    assert (reading.sheet, reading.others, warning.code) == ("Kunden", ("Alt",), "several_sheets")
    assert "sheet=" in warning.detail
    assert list(read_table(io.BytesIO(book), FileReading("xlsx", sheet="Alt")).columns) == ["b"]
    assert list(read_table(io.BytesIO(book), reading.as_usual({"sheet": "Alt"})).columns) == ["b"]
    with pytest.raises(TableError, match="no sheet 'Neu': it has 'Kunden', 'Alt'"):
        read_table(io.BytesIO(book), FileReading("xlsx", sheet="Neu"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"months,plan\n", "not an XLSX workbook that can be read"),
        (BOOK[:-30], "the zip file cannot be read"),
        (workbook({"Kunden": []}), "is empty: its first row must name the columns"),
        (workbook({"Kunden": [("a", None, "c"), (1, 2, 3)]}), "column 2 has no name"),
        (workbook({"Kunden": [("a", "a"), (1, 2)]}), "two columns are named 'a'"),
        (workbook({"Kunden": [("a",), ("x" * 40_000,)]}), "row 1: the text of column 'a' has 40,000 characters"),
        (workbook({"Kunden": [("a",), (1,)]}, dimension="A1:ZZ1048576"), "spans 1,048,576 rows and 702 columns"),
    ],
)
def test_a_workbook_that_is_no_table_is_refused_with_place_and_reason(data: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        read_table(io.BytesIO(data), "xlsx")
