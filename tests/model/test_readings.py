"""Texts that spell numbers, dates and missing values are read alike in every format, and warnings say how."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model.columns.cells import Days, Flags, Numbers, Words
from model.columns.read_as import Reading
from model.columns.readings import find_reading, value_of
from model.errors import SpecError, TableError
from model.estimator import Estimator
from model.estimator.fitting import Fitting
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import write_scores
from model.scoring import check_columns, score_file
from model.spec import parse_spec
from model.tables.profiling import profile_file
from model.tables.reader import read_table

ROWS = 240


def numbers(write):
    return [write(i) for i in range(ROWS)]


def comma(i):
    return f"{i % 90},{i % 7}"


COLUMNS = {
    "decimal comma": (numbers(comma), "numeric", "decimal_comma", ""),
    "percent": (numbers(lambda i: f"{i % 90}.5 %"), "numeric", "decimal_point", "%"),
    "dollars": (numbers(lambda i: f"${i}.25"), "numeric", "decimal_point", "$"),
    "euros": (numbers(lambda i: f"{i}.{i + 100:03},50 €"), "numeric", "decimal_comma", "€"),
    "thousands": (numbers(lambda i: f"{i + 1},234,567"), "numeric", "decimal_point", ""),
    "accounting": (numbers(lambda i: f"({i}.5)" if i % 2 else f"{i}.5"), "numeric", "decimal_point", ""),
    "unit": (numbers(lambda i: f"{i} month{'s' * (i != 1)}"), "numeric", "decimal_point", "month"),
    "month first": (numbers(lambda i: f"{i % 12 + 1:02}/{i % 28 + 1:02}/2023"), "date", "month_first", ""),
    "day first": (numbers(lambda i: f"{i % 28 + 1}.{i % 12 + 1}.2023"), "date", "day_first", ""),
    "named month": (numbers(lambda i: f"{i % 28 + 1} Mar 2023 10:{i % 60:02} PM"), "date", "date", ""),
    "zone": (numbers(lambda i: f"2023-03-{i % 28 + 1:02} 10:20:30 UTC"), "date", "date", ""),
}


def csv_of(texts):
    lines = ["x,amount,churned", *(f'{i % 3},"{text}",{int(i % 7 < 3)}' for i, text in enumerate(texts))]
    return io.BytesIO("\n".join(lines).encode() + b"\n")


def ndjson_of(texts):
    rows = ({"x": i % 3, "amount": text, "churned": int(i % 7 < 3)} for i, text in enumerate(texts))
    return io.BytesIO("\n".join(map(json.dumps, rows)).encode())


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("file_format", ["csv", "ndjson"])
def test_marked_numbers_and_dates_are_read_and_told(name, file_format):
    texts, kind, read_as, mark = COLUMNS[name]
    data = (csv_of if file_format == "csv" else ndjson_of)(["NULL", *texts[1:]])
    schema = profile_file(data, file_format, "churned", chunk_rows=50).to_json()
    column = schema["columns"][1]
    assert (column["kind"], column["read_as"], column.get("mark", ""), column["missing"]) == (kind, read_as, mark, 1)
    assert [warning["code"] for warning in schema["warnings"] if warning["column"] == "amount"] == ["read_as"]
    data.seek(0)
    cells = read_table(data, file_format).columns["amount"]
    assert isinstance(cells, Numbers if kind == "numeric" else Days)
    assert cells.missing.tolist() == [True] + [False] * (ROWS - 1)


@pytest.mark.parametrize(
    ("text", "reading", "value"),
    [
        ("1.234,50 €", Reading("decimal_comma", "€"), 1234.5),
        ("($1,234.50)", Reading("decimal_point", "$"), -1234.5),
        ("-5%", Reading("decimal_point", "%"), -5),
        ("5-", Reading("decimal_point"), -5),
        ("1 234 567", Reading("decimal_point"), 1234567),
        ("1\u202f234,5", Reading("decimal_comma"), 1234.5),
        ("12,34,567", Reading("decimal_point"), 1234567),
        (' "24"', Reading("decimal_point"), 24),
        ("5 GB", Reading("decimal_point", "month"), None),
        ("1,23", Reading("decimal_point"), None),
        ("03/04/1970", Reading("month_first"), 62),
        ("03/04/1970", Reading("day_first"), 92),
        ("Jan 2, 1970", Reading("date"), 1),
        ("Fri, 2 Jan 1970 12:00:00 GMT", Reading("date"), 1.5),
        ("1970-01-01 19:00:00 EST", Reading("date"), 1),
        ("31/02/2023", Reading("day_first"), None),
    ],
)
def test_the_value_of_a_text(text, reading, value):
    found = value_of(reading, text)
    assert np.isnan(found) if value is None else found == value


@pytest.mark.parametrize(
    "texts",
    [["10 GB", "5 MB"], ["$5", "€5"], ["1 year", "2 years"], ["A12", "A13"], ["1.2.3", "1.2.4"], ["1,5", "1.5"]],
)
def test_texts_that_do_not_agree_stay_categories(texts):
    assert find_reading(texts).reading is None


def test_where_two_readings_are_possible_the_warning_says_which_was_taken():
    for texts, other in (
        (["1,234", "5,678"] * 120, "decimal_comma"),
        (["03/04/2023", "05/06/2023"] * 120, "day_first"),
    ):
        [warning] = profile_file(csv_of(texts), "csv", "churned").to_json()["warnings"]
        assert (warning["code"], warning["column"]) == ("unclear_reading", "amount")
        assert f'"read_as": "{other}"' in warning["detail"]


def test_several_marks_of_missing_values_are_recognised_together_and_told():
    texts = [("-", "?", "none", "n.a.")[i % 4] if i % 9 == 0 else str(i) for i in range(ROWS)]
    schema = profile_file(csv_of(texts), "csv", "churned").to_json()
    assert (schema["columns"][1]["kind"], schema["columns"][1]["missing"]) == ("numeric", 27)
    [warning] = [one for one in schema["warnings"] if one["code"] == "missing_marks"]
    assert all(repr(mark) in warning["detail"] for mark in ("-", "?", "none", "n.a."))


def test_a_missing_value_is_one_in_flags_dates_and_texts_too():
    data = b"f,d,z,t\ntrue,2023-01-02,2023-01-02,DSL\nNULL,NULL,0000-00-00,NULL\nfalse,2023-01-03 ,2023-01-04,DSL \n"
    columns = read_table(io.BytesIO(data), "csv").columns
    assert [type(cells) for cells in columns.values()] == [Flags, Days, Days, Words]
    assert all(cells.missing.tolist() == [False, True, False] for cells in columns.values())
    assert columns["t"].words == ("DSL",)


def trained(data, **column):
    spec = parse_spec({"layers": [4], "epochs": 1, "columns": {"amount": column} if column else {}})
    texts = ["amount"] if "read_as" in column else []
    fitting = Fitting(read_table(data, "csv", texts), target="churned", spec=spec)
    for _ in fitting.epochs():
        pass
    return Estimator.from_bytes(fitting.estimator().to_bytes())


def test_scoring_reads_as_training_did_whatever_the_format():
    estimator = trained(csv_of([f"{i + 1}.{i + 100:03},50 €" for i in range(ROWS)]))
    column = estimator.encoder.columns[1]
    assert (column.kind, column.read_as, column.mark) == ("numeric", "decimal_comma", "€")
    values = []
    for data, form in (
        (b'x,amount\n1,"12.112,50 \xe2\x82\xac"\n', "csv"),
        ('{"x":1,"amount":"12.112,50 €"}'.encode(), "ndjson"),
        (b'{"x":1,"amount":12112.5}', "ndjson"),
    ):
        [chunk] = score_file(estimator, io.BytesIO(data), form)
        assert not chunk.problems
        values.append(float(chunk.cells.columns["amount"].values[0]))
    assert values == [12112.5] * 3
    cells, problems = estimator.read({"x": [1], "amount": ["12.112,50 €"]}, 1)
    assert not problems.rows
    assert cells.columns["amount"].scalar(0) == 12112.5
    [chunk] = score_file(estimator, io.BytesIO(b"x,amount\n1,12 months\n"), "csv")
    assert chunk.problems[0][0].code == "wrong_type"


def test_the_spec_says_how_a_column_is_read():
    thousands = ["1.234", "5.678"] * 120
    assert trained(csv_of(thousands)).encoder.columns[1].fill < 10
    assert trained(csv_of(thousands), read_as="decimal_comma").encoder.columns[1].fill > 1000
    prices = trained(csv_of(["$5", "$7"] * 120), kind="categorical").encoder.columns[1]
    assert set(prices.categories) == {"$5", "$7"}
    dates = trained(csv_of(["03/04/2023", "05/06/2023"] * 120), read_as="day_first").encoder.columns[1]
    assert (dates.kind, dates.read_as) == ("date", "day_first")
    with pytest.raises(SpecError, match="'often' in row 3, which is not read as decimal_comma"):
        trained(csv_of(["1,5", "2,5", "often"] * 80), read_as="decimal_comma")


def test_texts_of_numbers_are_numbers_in_ndjson():
    data = ndjson_of([str(i) for i in range(ROWS)])
    assert profile_file(data, "ndjson", "churned", chunk_rows=50).to_json()["columns"][1]["kind"] == "numeric"


def test_ids_of_19_digits_and_with_leading_zeros_differ():
    ids = [str(1234567890123456789 + i) for i in range(20)] + ["7", "007", "07"]
    data = "\n".join(["id,x,churned", *(f"{one},{i % 3},{i % 2}" for i, one in enumerate(ids))]).encode()
    codes = [one["code"] for one in profile_file(io.BytesIO(data), "csv", "churned", "id").to_json()["warnings"]]
    assert "unclear_ids" not in codes


def test_whole_numbers_that_rise_or_are_named_id_get_a_warning():
    data = "\n".join(
        ["number,cid,CustomerID,x,churned"] + [f"{i * 3},{i % 5},{i * 7 % 241},{i % 3},{i % 2}" for i in range(ROWS)]
    )
    warnings = profile_file(io.BytesIO(data.encode()), "csv", "churned").to_json()["warnings"]
    assert [(one["code"], one["column"]) for one in warnings] == [
        ("identifying_column", "number"),
        ("identifying_column", "CustomerID"),
    ]


def test_a_target_named_after_staying_gets_a_warning():
    for name, codes in (("retained", ["inverted_target"]), ("is_active", ["inverted_target"]), ("not_renewed", [])):
        data = "\n".join([f"x,{name}", *(f"{i % 3},{('Yes', 'No')[i % 2]}" for i in range(ROWS))]).encode()
        warnings = profile_file(io.BytesIO(data), "csv", name).to_json()["warnings"]
        assert [one["code"] for one in warnings] == codes


def test_an_index_of_pandas_is_no_column():
    table = pa.table({"x": [1, 2], "churned": [0, 1], "__index_level_0__": [3, 9]})
    data = io.BytesIO()
    pq.write_table(table, data)
    data.seek(0)
    assert list(read_table(data, "parquet").columns) == ["x", "churned"]


def test_row_numbers_are_not_written_under_the_name_of_the_id_column():
    lines = ["id,x,churned", *(f"c{i},{i % 3},{int(i % 7 < 3)}" for i in range(ROWS))]
    spec = parse_spec({"layers": [4], "epochs": 1})
    table = read_table(io.BytesIO("\n".join(lines).encode()), "csv")
    fitting = Fitting(table, target="churned", id_column="id", spec=spec)
    for _ in fitting.epochs():
        pass
    estimator, out = fitting.estimator(), io.BytesIO()
    for form, first in (("csv", b"row,"), ("ndjson", b'{"row":1,')):
        out = io.BytesIO()
        chunks = score_file(estimator, io.BytesIO(b"ID,x\nc1,2\n"), "csv")
        summary = write_scores(estimator, chunks, OUTPUTS[form](Layout.of(estimator)), out)
        assert out.getvalue().startswith(first)
        assert "no id column 'id'" in summary.warnings()[0]
        assert type(summary).from_json(summary.to_json()) == summary


def test_a_file_that_lacks_most_columns_is_refused():
    check_columns(["a", "b", "c", "d", "e"], ["a", "b"])
    with pytest.raises(TableError, match=r"lacks 2 of the 3 columns that training saw: 'b', 'c'"):
        check_columns(["a", "b", "c"], ["a", "z"])


@pytest.mark.parametrize(
    ("data", "form", "said"),
    [
        (b",a\n0,1\n", "csv", "pandas"),
        (b'[\n{"a": 1}\n]', "ndjson", "JSON array"),
    ],
)
def test_hints_for_common_mistakes(data, form, said):
    with pytest.raises(TableError, match=said):
        read_table(io.BytesIO(data), form)
