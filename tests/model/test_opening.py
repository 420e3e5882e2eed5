"""Files as people have them: delimiters, encodings, gzip and zip are found, told and read alike."""

import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet
import pytest

from model.errors import TableError
from model.estimator import Estimator
from model.scoring import score_file, usual_reading
from model.tables.file_reading import FileReading
from model.tables.opening import recognise
from model.tables.profiling import profile_file
from model.tables.reader import read_chunks, read_table
from model.tables.unpacking import Unpacking
from tests.model.fitted import fit

LINES = ["id;city;charge;churned", *(f"{i:03};{('Köln', 'Bonn')[i % 2]};{i % 9},5;{i % 3 % 2}" for i in range(90))]
TEXT = "\n".join(LINES) + "\n"


def zipped(data: bytes, name: str = "customers.csv", method: int = zipfile.ZIP_DEFLATED, more: int = 0) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr(name, data)
        archive.writestr("__MACOSX/._customers.csv", b"")
        for number in range(more):
            archive.writestr(f"{number}.csv", b"")
    return sink.getvalue()


WAYS = {
    "semicolon": (TEXT.encode(), {"encoding": "utf-8", "delimiter": "semicolon"}),
    "tab": (TEXT.replace(";", "\t").encode(), {"encoding": "utf-8", "delimiter": "tab"}),
    "pipe": (TEXT.replace(";", "|").encode(), {"encoding": "utf-8", "delimiter": "pipe"}),
    "BOM": (TEXT.encode("utf-8-sig"), {"encoding": "utf-8", "delimiter": "semicolon"}),
    "a sep= line": (b"sep=;\r\n" + TEXT.encode(), {"encoding": "utf-8", "delimiter": "semicolon"}),
    "UTF-16": (TEXT.encode("utf-16"), {"encoding": "utf-16", "delimiter": "semicolon"}),
    "UTF-16 without BOM": (TEXT.encode("utf-16-be"), {"encoding": "utf-16-be", "delimiter": "semicolon"}),
    "cp1252": (TEXT.encode("cp1252"), {"encoding": "cp1252", "delimiter": "semicolon"}),
    "gzip": (
        gzip.compress(TEXT.encode(), mtime=0),
        {"compression": "gzip", "encoding": "utf-8", "delimiter": "semicolon"},
    ),
    "zip": (zipped(TEXT.encode("cp1252")), {"compression": "zip", "encoding": "cp1252", "delimiter": "semicolon"}),
}


def cells_of(data: bytes, how: str | FileReading = "csv") -> dict[str, list[object]]:
    return {name: list(cells.scalars()) for name, cells in read_table(io.BytesIO(data), how).columns.items()}


@pytest.mark.parametrize("way", WAYS)
def test_a_file_is_read_alike_however_it_is_written(way: str) -> None:
    data, read_as = WAYS[way]
    told = profile_file(io.BytesIO(data), "csv", "churned", "id").to_json()
    others = {"others": ["cp1250", "cp1251", "cp1253", "cp1254", "iso-8859-15"]} if "cp1252" in read_as.values() else {}
    assert told["read_as"] == {"format": "csv", **read_as, **others}
    expected = profile_file(io.BytesIO(TEXT.encode()), "csv", "churned", "id").to_json()
    assert (told["columns"], told["rows"]) == (expected["columns"], 90)
    assert cells_of(data) == cells_of(TEXT.encode())
    assert cells_of(data, FileReading.from_json(told["read_as"])) == cells_of(TEXT.encode())
    (chunk,) = read_chunks(io.BytesIO(data), "csv", (), "id")
    assert chunk.ids == [f"{i:03}" for i in range(90)]


def test_what_is_taken_is_told_where_another_reading_is_possible() -> None:
    _, (encoding,) = recognise(io.BytesIO("a,b\n1,Köln\n".encode("cp1252")), "csv")
    assert (encoding.code, "'Köln'" in encoding.detail, "encoding=" in encoding.detail) == (
        "unclear_encoding",
        True,
        True,
    )
    reading, (delimiter,) = recognise(io.BytesIO(b"a,b;c\n1,2;3\n"), "csv")
    assert (delimiter.code, reading.delimiter, reading.others) == ("unclear_delimiter", "comma", ("semicolon",))
    assert recognise(io.BytesIO(b"a;b\n1,5;2,5\n"), "csv")[1] == ()
    assert recognise(io.BytesIO(b'"a,b";c\n1;2\n'), "csv")[0].delimiter == "semicolon"


def test_options_say_otherwise() -> None:
    polish = "a,city\n1,Łódź\n".encode("cp1250")
    assert cells_of(polish, FileReading("csv", encoding="cp1250"))["city"] == ["Łódź"]
    assert list(cells_of(b"a,b;c\n1,2;3\n", FileReading("csv", delimiter="semicolon"))) == ["a,b", "c"]
    with pytest.raises(TableError, match="line 2 is not UTF-8"):
        cells_of(polish, FileReading("csv", encoding="utf-8"))


def test_a_file_is_scored_as_the_table_of_the_training_was_read_where_both_are_possible() -> None:
    cities = ("Łódź", "Zabrze")
    text = "\n".join(["charge,city,churned", *(f"{i % 9},{cities[i % 2]},{i % 3 % 2}" for i in range(90))]) + "\n"
    table = read_table(io.BytesIO(text.encode("cp1250")), FileReading("csv", encoding="cp1250"))
    estimator = Estimator.from_bytes(fit(table, epochs=2).estimator().to_bytes())
    assert estimator.read_as == {"encoding": "cp1250"}
    (scored,) = score_file(estimator, io.BytesIO(text.encode("cp1250")), "csv")
    assert estimator.unseen(scored.cells) == {"city": 0}
    _, (warning,) = usual_reading(estimator, io.BytesIO(text.encode("cp1250")), "csv")
    assert warning.detail == "the file is read like the table of the training: cp1250"
    (plain,) = score_file(estimator, io.BytesIO(text.encode()), "csv")
    assert plain.probabilities.tobytes() == scored.probabilities.tobytes()
    utf8 = fit(read_table(io.BytesIO(text.encode()), "csv"), epochs=2).estimator()
    assert "read_as" not in utf8.metrics, "the bytes of an estimator from UTF-8 with commas stay as they were"


def test_a_packed_file_that_says_nothing_of_its_format_is_read_by_its_name_or_its_beginning() -> None:
    records = b"".join(json.dumps({"a": i, "b": "x"}).encode() + b"\n" for i in range(3))
    for data in (gzip.compress(records, mtime=0), zipped(records, "customers.jsonl"), zipped(records, "export")):
        assert recognise(io.BytesIO(data), "packed")[0].file_format == "ndjson"
        assert cells_of(data, "packed") == cells_of(data, "ndjson") == {"a": [0, 1, 2], "b": ["x"] * 3}
    assert recognise(io.BytesIO(zipped(b"a,b\n1,2\n")), "packed")[0].delimiter == "comma"


def parquet() -> bytes:
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"a": [1]}), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gzip.compress(TEXT.encode(), mtime=0)[:-9], "the gzip file is damaged: .*: pack it again"),
        (gzip.compress(TEXT.encode(), mtime=0)[:30] + b"\0" * 30, "the gzip file is damaged"),
        (zipped(b"a,b\n", more=2), "holds 3 files: pack the table alone"),
        (zipped(TEXT.encode(), method=zipfile.ZIP_BZIP2), "another method than deflate"),
        (zipped(parquet()), "holds Parquet, which is compressed: unpack it"),
        (parquet(), "the file is Parquet, not csv: name its format"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "an old workbook"),
        ("a,b\n1,é\n".encode() + b"2,\xe9\n", "line 3 is not UTF-8, but the lines before it are"),
        (b"a\n" + bytes(range(255, 0, -1)), "line 2 is not UTF-8, and the file is not cp1252"),
        ("a,b\n1,x\n".encode("utf-16")[:-1], "the file is not utf-16"),
        (b"sep=#\na#b\n1#2\n", "names the delimiter '#': separate columns by comma"),
    ],
)
def test_a_file_that_cannot_be_unpacked_or_decoded_is_refused_with_the_remedy(data: bytes, said: str) -> None:
    for read in (read_table, profile_file, lambda *of: list(read_chunks(*of, ()))):
        with pytest.raises(TableError, match=said):
            read(io.BytesIO(data), "csv")


def test_a_file_that_unpacks_to_more_than_its_size_allows_is_refused_while_it_is_read() -> None:
    inner = gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(b"1,2\n" * 10**6, mtime=0)))
    unpacking = io.BufferedReader(Unpacking(inner, "gzip", most=10**6))
    read = 0
    with pytest.raises(TableError, match="unpacks to more than the 1,000,000 bytes"):  # noqa: PT012 - read until it is
        while chunk := unpacking.read(1000):
            read += len(chunk)
    assert read <= 10**6
