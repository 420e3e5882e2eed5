import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from ebb.customers import customers
from model.columns import Days, Flags, Numbers, Words
from model.errors import TableError
from model.tables.profiling import profile_file
from model.tables.reader import format_of, read_chunks, read_table
from tests.model.fitted import fit

CSV = (
    b"id,months,plan,auto_pay,joined,note\n"
    b"007,24,basic,true,2024-01-05,\n"
    b"008,,family,FALSE,2023-11-30,x\n"
    b"009,1.5,basic,true,2024-02-01T12:00:00Z,\n"
)


def table(data: bytes, file_format: str = "csv"):
    return read_table(io.BytesIO(data), file_format)


def test_csv_columns_become_numbers_words_flags_and_days():
    columns = table(CSV).columns
    assert isinstance(columns["months"], Numbers)
    assert [columns["months"].scalar(i) for i in range(3)] == [24, None, 1.5]
    assert isinstance(columns["plan"], Words)
    assert [columns["plan"].scalar(i) for i in range(3)] == ["basic", "family", "basic"]
    assert isinstance(columns["auto_pay"], Flags)
    assert [columns["auto_pay"].scalar(i) for i in range(3)] == [True, False, True]
    assert isinstance(columns["joined"], Days)
    assert [columns["joined"].scalar(i) for i in range(3)] == ["2024-01-05", "2023-11-30", "2024-02-01T12:00:00Z"]
    assert [columns["note"].scalar(i) for i in range(3)] == [None, "x", None]


def test_ndjson_and_parquet_give_the_same_columns_as_csv():
    ndjson = (
        b'{"months": 24, "plan": "basic", "auto_pay": true, "joined": "2024-01-05"}\n\n'
        b'{"plan": "family", "auto_pay": false, "joined": "2023-11-30"}\n'
        b'{"months": 1.5, "plan": "basic", "auto_pay": true, "joined": "2024-02-01T12:00:00Z"}\n'
    )
    day = 86_400_000_000
    arrow = pa.table(
        {
            "months": pa.array([24, None, 1.5]),
            "plan": pa.array(["basic", "family", "basic"]).dictionary_encode(),
            "auto_pay": pa.array([True, False, True]),
            "joined": pa.array([19727 * day, 19691 * day, 19754 * day + day // 2], pa.timestamp("us", "UTC")),
        }
    )
    sink = io.BytesIO()
    pyarrow.parquet.write_table(arrow, sink)
    expected = table(CSV)
    for other in (table(ndjson, "ndjson"), table(sink.getvalue(), "parquet")):
        for name in ("months", "plan", "auto_pay", "joined"):
            ours, theirs = expected.columns[name], other.columns[name]
            assert type(ours) is type(theirs)
            assert [ours.scalar(i) for i in range(3)] == [theirs.scalar(i) for i in range(3)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"a,b\n", "no rows"),
        (b"a,a\n1,2\n", "^two columns are named 'a'"),
        (b"a,churnedx,1,1,0", "the file is a single line; if curl sent it, use -T FILE.* two columns are named '1'"),
        (b"a,churned7,8", "no rows: .* if curl sent it, use -T FILE or --data-binary @FILE"),
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells where the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells"),
        (b"PK\x03\x04rest", "the zip file cannot be read"),
        (b"a\n1\ninf\n", "infinite or too large in row 2"),
        (b"a\n1\n1e999\n", "infinite or too large in row 2"),
        (b'a,b\n1,"x\n2,y\n', "one of the last rows has a quote that is never closed"),
        (b'a,b,c\n1,"x,1\n2,y,0\n', "line 2 has a quote that is never closed"),
        (b'a,b,c\n1,2,3\n1,"x,1\n' + b"2,y,0\n" * 800_000, "a quote that is never closed"),
    ],
)
def test_an_invalid_csv_file_is_refused_with_place_and_reason(data, said):
    with pytest.raises(TableError, match=said):
        table(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1}\n[1]\n', "line 2 is not a JSON object"),
        (b'{"a": NaN}\n', "NaN"),
        (b'{"a": 1, "a": 2}\n', "'a' comes twice"),
        (b'{"a": 1e999}\n', "row 1: column 'a'"),
        (b'{"a": 1}\n{"a": "x"}\n', "a number in row 1 and text in row 2"),
        (b'{"a": {"b": 1}}\n', "list or an object"),
        (b'{"a": 1\n', "line 1"),
        (b'{"a": "\xe9"}\n', "line 1 is not UTF-8"),
        (b"[" * 100_000, "line 1"),
        (b'{"a": 1}\n{"a\\ud800": 1}\n', "line 2 holds half of a surrogate pair"),
        (b'{"a": "x"}\n\n{"a": "\\uDFFFx"}\n', "line 3 holds half of a surrogate pair"),
        (b'{"a": %s}' % (b"9" * 5000), "line 1 .* 5,000 digits: write at most 400"),
        (b"", "no rows"),
    ],
)
def test_an_invalid_ndjson_file_is_refused_with_place_and_reason(data, said):
    with pytest.raises(TableError, match=said):
        table(data, "ndjson")


def test_an_invalid_parquet_file_is_refused():
    with pytest.raises(TableError, match="Parquet"):
        table(b"no", "parquet")
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"a": [[1], [2]]}), sink)
    with pytest.raises(TableError, match="column 'a' is of type list"):
        table(sink.getvalue(), "parquet")


def test_a_damaged_parquet_file_is_refused():
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"a": [f"text {n}" for n in range(1000)]}), sink)
    whole, refused = sink.getvalue(), 0
    for at in range(4, len(whole) - 8, 97):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        try:
            table(bytes(damaged), "parquet")
        except TableError:
            refused += 1
    assert refused > 10, "or the damage was nowhere that matters"


@pytest.mark.parametrize("dictionary", [False, True])
def test_a_parquet_text_outside_utf_8_is_refused(dictionary):
    lengths, text = np.array([0, 3], np.int32), b"\xed\xa0\x80"  # half of a surrogate pair
    texts = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(lengths.tobytes()), pa.py_buffer(text)])
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"a": texts}), sink, use_dictionary=dictionary)
    with pytest.raises(TableError, match=r"Parquet file that can be read: .*UTF"):
        table(sink.getvalue(), "parquet")


def test_parquet_names_outside_utf_8_or_repeated_are_refused():
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"QQQ": [1]}), sink, store_schema=False)
    with pytest.raises(TableError, match=r"Parquet file that can be read: .*utf-8"):
        table(sink.getvalue().replace(b"QQQ", b"\xed\xa0\x80"), "parquet")
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), sink)
    with pytest.raises(TableError, match="two columns are named 'a'"):
        table(sink.getvalue(), "parquet")


def test_a_whole_surrogate_pair_is_a_character():
    assert table(b'{"a": "\\ud83d\\ude00"}\n', "ndjson").columns["a"].scalar(0) == "\U0001f600"


def test_a_byte_order_mark_is_not_part_of_the_first_name():
    assert list(table(b"\xef\xbb\xbfa,b\n1,2\n").columns) == ["a", "b"]
    assert list(table(b'\xef\xbb\xbf{"a": 1}\n', "ndjson").columns) == ["a"]


def test_quoted_cells_may_hold_commas_newlines_and_quotes():
    cells = table(b'a,b\n"x, y",1\n"two\nlines",2\n"say ""no""",3\n').columns["a"]
    assert [cells.scalar(i) for i in range(3)] == ["x, y", "two\nlines", 'say "no"']


def test_a_quoted_name_may_hold_a_newline():
    assert list(table(b'a,"b\nc"\n1,2\n').columns) == ["a", "b\nc"]


def test_spellings_of_missing_are_missing_in_every_column():
    columns = table(b"n,t\n1,NA\nNA,b\n ,c\nnan,d\nnull,e\n").columns
    assert [columns["n"].scalar(i) for i in range(5)] == [1, None, None, None, None]
    assert columns["t"].scalar(0) is None


def test_numbers_from_text_have_the_bits_of_python_floats():
    texts = ["0.1", "79.99", "1e-310", "123456789.123456789", "-0.0", "9007199254740993", ".5", "5."]
    cells = table(("a\n" + "\n".join(texts) + "\n").encode()).columns["a"]
    assert cells.values.tobytes() == np.array([float(text) for text in texts]).tobytes()


def test_chunks_contain_every_row_once_and_keep_texts(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,months\n" + b"".join(b"%05d,%d\n" % (i, i % 60) for i in range(40_000)))
    assert format_of(path) == "csv"
    ids: list[object] = []
    for batch in read_chunks(path, "csv", (), "id"):
        assert batch.first_row == len(ids) + 1
        ids += batch.ids or ()
    assert ids == [f"{i:05d}" for i in range(40_000)]


def test_a_missing_file_or_an_unknown_format_is_refused():
    with pytest.raises(TableError, match="No such file"):
        read_table(Path("/nowhere/at/all.csv"), "csv")
    with pytest.raises(TableError, match=r"\.csv"):
        format_of(Path("customers.sav"))


def test_the_same_customers_train_the_same_estimator_from_every_format():
    drawn = customers(200, 3)
    columns = {**drawn.columns(), "churned": ["yes" if churned else "no" for churned in drawn.churned.tolist()]}
    rows = zip(*columns.values(), strict=True)
    ndjson = "".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows)
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), sink)
    formats = {"csv": drawn.to_csv().encode(), "ndjson": ndjson.encode(), "parquet": sink.getvalue()}
    digests = set()
    for file_format, data in formats.items():
        fitting = fit(table(data, file_format), id_column="customer_id", epochs=2)
        digests.add(fitting.estimator().weights_sha256)
    assert len(digests) == 1


def test_lines_of_nothing_but_separators_are_no_rows():
    data = b"id,months,churned\n7,24,1\n,,\n,3,0\n\n8,,0\n,,\n,,\n"
    cells = table(data)
    assert cells.columns["months"].scalars() == [24, 3, None]
    (chunk,) = read_chunks(io.BytesIO(data), "csv", (), "id")
    assert (chunk.ids, chunk.rows) == (["7", None, "8"], 3)
    schema = profile_file(io.BytesIO(data), "csv", "churned", "id").to_json()
    assert (schema["rows"], schema["target"]["positives"]) == (3, 1)


def test_parquet_columns_of_every_type_of_text_are_texts():
    words = ["007", None, "8 ß"]
    kinds = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({str(kind): pa.array(words, kind) for kind in kinds}), sink)
    for name, cells in table(sink.getvalue(), "parquet").columns.items():
        assert cells.scalars() == words, name
        (chunk,) = read_chunks(io.BytesIO(sink.getvalue()), "parquet", (), name)
        assert chunk.ids == words
