"""Files to score at once: other delimiters and encodings, packed files and workbooks give the scores of plain CSV."""

import gzip
import io
import json
import zipfile

import pytest
from flask.testing import FlaskClient

from model.tables.unpacking import DIRECTORY_BYTES
from tests.model.workbooks import workbook

SCORE = "/v1/models/churn/score"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COMMENT = 65_535  # the longest of a file in a zip file
ROWS = [("00Köln", 3, 80.5, 2, 9), ("b", 40, 20, 0, 60)]
NAMES = ("customer_id", "months", "monthly_charge", "support_tickets", "usage_hours")

pytestmark = pytest.mark.usefixtures("champion")


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what happens after the estimator is loaded."""
    return sqlite_file


def text(mark: str) -> str:
    return "".join(mark.join(map(str, row)) + "\r\n" for row in (NAMES, *ROWS))


def zipped(data: bytes, comments: int = 0) -> bytes:
    """Return a zip file of a table, whose list of files has this many bytes of comments."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(-(-comments // COMMENT)):
            empty = zipfile.ZipInfo(f"{number}.csv")
            empty.comment = bytes(COMMENT)
            archive.writestr(empty, b"")
        archive.writestr("customers.csv", data)
    return sink.getvalue()


FILES = {
    "semicolon": (text(";").encode(), "text/csv", {"encoding": "utf-8", "delimiter": "semicolon"}),
    "a sep= line": (b"sep=|\r\n" + text("|").encode(), "text/csv", {"encoding": "utf-8", "delimiter": "pipe"}),
    "cp1252": (text(",").encode("cp1252"), "text/csv", {"encoding": "cp1252", "delimiter": "comma"}),
    "UTF-16": (text("\t").encode("utf-16"), "text/csv", {"encoding": "utf-16", "delimiter": "tab"}),
    "gzip": (
        gzip.compress(text(",").encode(), mtime=0),
        "application/gzip",
        {"compression": "gzip", "encoding": "utf-8"},
    ),
    "gzip as CSV": (
        gzip.compress(text(",").encode(), mtime=0),
        "text/csv",
        {"compression": "gzip", "encoding": "utf-8"},
    ),
    "zip": (zipped(text(";").encode()), "application/zip", {"compression": "zip", "delimiter": "semicolon"}),
    "workbook": (workbook({"Kunden": [NAMES, *ROWS]}), XLSX, {"format": "xlsx", "sheet": "Kunden"}),
    "workbook as zip": (workbook({"Kunden": [NAMES, *ROWS]}), "application/zip", {"format": "xlsx", "sheet": "Kunden"}),
}


@pytest.mark.parametrize("way", FILES)
def test_a_file_is_scored_alike_however_it_is_written_and_a_header_tells_how(client: FlaskClient, way: str) -> None:
    body, kind, told = FILES[way]
    plain = client.post(SCORE, data=text(",").encode(), content_type="text/csv")
    assert "Ebb-Read-As" not in plain.headers
    answer = client.post(SCORE, data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.text
    assert answer.text == plain.text
    assert json.loads(answer.headers["Ebb-Read-As"]).items() >= told.items()


def test_options_say_how_a_file_is_read(client: FlaskClient) -> None:
    body = text(",").replace("Köln", "Łódź").encode("cp1250")
    answer = client.post(f"{SCORE}?encoding=cp1250&delimiter=comma", data=body, content_type="text/csv")
    assert "00Łódź" in answer.text
    two = workbook({"first": [("a",), (1,)], "second": [NAMES, *ROWS]})
    assert client.post(f"{SCORE}?sheet=second", data=two, content_type=XLSX).status_code == 200
    refused = client.post(f"{SCORE}?delimiter=tab", json={"records": [{"months": 3}]})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/query/delimiter")
    refused = client.post(f"{SCORE}?sheet=x", data=text(",").encode(), content_type="text/csv")
    assert "sheet does not apply to csv" in refused.json["detail"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (
            gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000, mtime=0),
            "text/csv",
            413,
            "unpacks to more than the 16,777,216 bytes",
        ),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], "text/csv", 422, "the gzip file is damaged"),
        (
            gzip.compress(b"a,b\n" + b"1,2\n" * 5_000_000 + "é\n".encode() + b"\xff", mtime=0),
            "text/csv",
            413,
            "unpacks to more than the 16,777,216 bytes",  # and is not read beyond them
        ),
        (zipped(b"a,b\n1,2\n").replace(b"customers", b"costumers", 1), "text/csv", 422, "the zip file cannot be read"),
        (zipped(b"a,b\n1,2\n", DIRECTORY_BYTES), "text/csv", 422, "lists too many files"),
        (b"PK\3\4", XLSX, 422, "the zip file cannot be read"),
        (b"no workbook", XLSX, 422, "not an XLSX workbook that can be read"),
        (workbook({"x": [NAMES]}), XLSX, 422, "no customer to score"),
        (workbook({"x": [NAMES]}, dimension="A1:XFD1048576"), XLSX, 422, "spans 1,048,576 rows and 16,384 columns"),
        (workbook({"x": [NAMES]}, last_cell="XFD1048576"), XLSX, 413, "bytes of memory"),
        (workbook({"x": [NAMES]}), "text/csv", 422, "is an XLSX workbook, not csv"),
    ],
)
def test_a_hostile_or_damaged_file_is_refused(
    client: FlaskClient, body: bytes, kind: str, status: int, said: str
) -> None:
    answer = client.post(SCORE, data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert said in answer.json["detail"]
