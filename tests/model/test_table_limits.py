"""Tables beyond a limit are refused with a place and a remedy, in every format."""

import io
import json
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import limits
from model.columns.numbers import parse_number
from model.errors import TableError
from model.profile.table_profile import TableProfile
from model.tables import ndjson
from model.tables.bounds import Decoded
from model.tables.parquet_file import BATCH_ROWS, parquet_batches
from model.tables.profiling import profile_file
from model.tables.reader import read_chunks, read_table


def parquet(columns: dict[str, Any], **options: Any) -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def csv(names: list[str], cells: list[str]) -> bytes:
    return f"{','.join(names)}\n{','.join(cells)}\n".encode()


def json_line(record: dict[str, object]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def word(length: int, rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["é" * length]))


MANY = [f"c{n}" for n in range(limits.COLUMNS + 1)]
LONG, LONGER = "n" * limits.NAME_CHARACTERS, "n" * (limits.NAME_CHARACTERS + 1)
FULL, OVERFULL = "é" * limits.CELL_CHARACTERS, "é" * (limits.CELL_CHARACTERS + 1)


@pytest.mark.parametrize(
    ("file_format", "data", "said"),
    [
        ("csv", csv(MANY, ["1"] * len(MANY)), "10,001 columns, more than 10,000: leave out"),
        ("ndjson", json_line(dict.fromkeys(MANY, 1)), "line 1 .* 10,001 names, more than 10,000: leave some out"),
        (
            "ndjson",
            json_line({"c0": 1}) + json_line(dict.fromkeys(MANY[1:], 1)),
            "10,001 columns, more than 10,000: leave out",
        ),
        ("parquet", parquet({name: [1] for name in MANY}), "10,001 columns, more than 10,000: leave out"),
        (
            "csv",
            csv(["a", LONGER], ["1", "2"]),
            "name of column 2 begins with 'nnn.* 257 characters: shorten it to 256",
        ),
        ("csv", b'a,"' + LONGER.encode() + b'\nb"\n1,2\n', "name of column 2 .* 259 characters"),
        ("csv", b"k" * 10**6 + b"\n1\n", "line 1 cannot be read"),
        ("csv", b"k," * limits.LINE_BYTES, "line 1 is longer than 2,097,152 bytes"),
        ("ndjson", json_line({"a": 1}) + json_line({LONGER: 1}), "line 2: .* 257 characters: shorten it to 256"),
        ("parquet", parquet({"a": [1], LONGER: [1]}), "name of column 2 .* 257 characters"),
        ("csv", csv(["a", "b"], ["1", OVERFULL]), "row 1: the text of column 'b' has 32,769 characters: shorten it"),
        ("ndjson", json_line({"b": OVERFULL}), "line 1: the text of column 'b' has 32,769 characters: shorten it"),
        ("parquet", parquet({"b": ["x", OVERFULL]}, use_dictionary=False), "row 2: the text of column 'b' has 32,769"),
        ("parquet", parquet({"b": ["x", OVERFULL]}), "row 1 or a later one: the text of column 'b' has 32,769"),
        ("csv", b'a,b\n1,"' + b"x\n" * 50_000, "a text does not end: the file has a quote that is never closed"),
        ("csv", b'a,b\n1,"' + b"x" * 5 * 10**6 + b'"\n', "line 2 is longer than 2,097,152 bytes: write one customer"),
        ("ndjson", b'{"a": "' + b"x" * 3 * 10**6 + b'"}\n', "line 1 is longer than 2,097,152 bytes"),
        ("parquet", parquet({"b": word(20_000, 10**5)}), "decodes to .* bytes or more, beyond the .* its size allows"),
        ("ndjson", b"".join(b'{"%x":1}\n' % (n % 10_000) for n in range(50_000)), "decodes to .* write it as CSV"),
        ("parquet", parquet({"a": [b"x"]}), "column 'a' is of type binary"),
        ("parquet", parquet({"a": pa.array([b"x" * 99], pa.binary(99))}), "column 'a' is of type fixed_size_binary"),
    ],
)
def test_input_beyond_a_limit_is_refused(file_format: str, data: bytes, said: str) -> None:
    for read in (read_table, profile_file, lambda *of: list(read_chunks(*of, ()))):
        with pytest.raises(TableError, match=said):
            read(io.BytesIO(data), file_format)


@pytest.mark.parametrize(
    ("file_format", "data"),
    [
        ("csv", csv([*MANY[:-2], LONG], ["1"] * limits.COLUMNS)),
        ("ndjson", json_line(dict.fromkeys([*MANY[:-2], LONG], 1))),
        ("parquet", parquet({name: [1] for name in [*MANY[:-2], LONG]})),
        ("csv", csv(["a"], [FULL])),
        ("ndjson", json_line({"a": FULL})),
        ("parquet", parquet({"a": [FULL]})),
    ],
)
def test_input_just_within_a_limit_is_read(file_format: str, data: bytes) -> None:
    assert read_table(io.BytesIO(data), file_format).rows == 1
    assert profile_file(io.BytesIO(data), file_format).rows == 1


def test_too_many_rows_are_refused_by_the_row_count_in_a_parquet_footer() -> None:
    stream, decoded = io.BytesIO(parquet({"a": np.arange(51)})), Decoded(10**6, most_rows=50)
    with pytest.raises(TableError, match="more than 50 rows: split it into several files"):
        next(parquet_batches(stream, decoded))
    assert decoded.rows == 0


def test_too_many_rows_are_refused_while_they_are_decoded() -> None:
    decoded = Decoded(10**6, most_rows=50)
    decoded.add(50, 1)
    with pytest.raises(TableError, match="more than 50 rows"):
        decoded.add(1, 1)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"row_group_size": 7},
        {"use_dictionary": False, "column_encoding": {"plan": "DELTA_BYTE_ARRAY", "a": "PLAIN"}},
        {"use_dictionary": False, "column_encoding": {"plan": "DELTA_LENGTH_BYTE_ARRAY", "a": "PLAIN"}},
        {"dictionary_pagesize_limit": 100},
        {"store_schema": False},
    ],
)
def test_every_encoding_of_parquet_gives_the_same_table(options: dict[str, Any]) -> None:
    rows = 3 * BATCH_ROWS + 5 if "row_group_size" not in options else 500
    plans = [None if n % 11 == 0 else f"plan {n % 700}" for n in range(rows)]
    for plan in (pa.array(plans), pa.array(plans).dictionary_encode()):
        if "column_encoding" in options and pa.types.is_dictionary(plan.type):
            continue  # pyarrow writes no such file that it reads
        data = parquet({"a": np.arange(rows), "plan": plan}, **options)
        table = read_table(io.BytesIO(data), "parquet")
        assert table.columns["a"].scalars() == list(range(rows))
        assert table.columns["plan"].scalars() == plans
        batches = list(read_chunks(io.BytesIO(data), "parquet", {"plan"}))
        assert [text for batch in batches for text in batch.columns["plan"].scalars()] == plans


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcde"), st.sampled_from([None, 1, 2.5]), max_size=5).map(
            lambda record: {"churned": len(record) % 2, **record}
        ),
        min_size=2,
        max_size=40,
    ),
    st.sampled_from([1, 3, 100]),
)
def test_an_absent_name_of_a_record_is_null(records: list[dict[str, object]], chunk_rows: int) -> None:
    names = list(dict.fromkeys(name for record in records for name in record))
    sparse = b"".join(json_line(record) for record in records)
    dense = b"".join(json_line({name: record.get(name) for name in names}) for record in records)
    one, other = (profile_file(io.BytesIO(data), "ndjson", chunk_rows=chunk_rows).to_json() for data in (sparse, dense))
    assert one == other
    tables = [read_table(io.BytesIO(data), "ndjson") for data in (sparse, dense)]
    for name in names:
        assert tables[0].columns[name].scalars() == tables[1].columns[name].scalars()


def test_chunks_of_wide_or_long_records_are_smaller() -> None:
    wide = json_line(dict.fromkeys(MANY[:5000], 1)) * 2_000
    assert max(map(len, ndjson.read_chunks(io.BytesIO(wide), 10_000))) <= ndjson.CHUNK_CELLS / 5000
    long = json_line({"a": "x" * 30_000}) * 1_000
    assert max(map(len, ndjson.read_chunks(io.BytesIO(long), 10_000))) <= ndjson.CHUNK_BYTES / 30_000
    narrow = json_line({"a": 1}) * 1_000
    assert [len(chunk) for chunk in ndjson.read_chunks(io.BytesIO(narrow), 400)] == [400, 400, 200]


def test_only_wanted_columns_are_converted_and_all_are_named() -> None:
    for file_format, data in (("csv", b"id,a,b\n7,1,x\n"), ("ndjson", b'{"id": 7, "a": 1, "b": "x"}\n')):
        (batch,) = read_chunks(io.BytesIO(data), file_format, (), "id", {"a"})
        assert (list(batch.columns), list(batch.names)) == (["a"], ["a", "b"])


def test_parsing_a_long_text_of_digits_takes_linear_time() -> None:
    begun = time.process_time()
    assert np.isnan(parse_number("1" * limits.CELL_CHARACTERS + "x"))
    assert time.process_time() - begun < 1.0
    assert [parse_number(text) for text in ("5.", ".5", "+1.25e-3", "12")] == [5.0, 0.5, 0.00125, 12.0]


def test_the_sample_of_a_table_of_many_columns_has_fewer_rows() -> None:
    data = csv(MANY[:50], ["1"] * 50) + csv(MANY[:50], ["2"] * 50).partition(b"\n")[2] * 300
    profile, table = TableProfile(sample_cells=1_000), read_table(io.BytesIO(data), "csv")
    profile.add(table.columns, table.rows)
    assert 0 < profile._rows.sampled <= 1_000 / 50
    assert profile.schema().rows == 301
