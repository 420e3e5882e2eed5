"""Uploads are inspected in a separate process. Exceeded memory or time, or its death, refuse the upload."""

import io
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet
import pytest
from flask import Flask

from app.errors import TooLargeError
from app.inspection.inspector import InspectionRequest, Inspector
from model.errors import TableError
from store.child_processes import ONE_BLAS_THREAD, start_module
from store.settings import Settings
from tests.app.conftest import CSV

CSV_FILE = {"format": "csv"}


@pytest.fixture
def large(tmp_path: Path) -> InspectionRequest:
    """A table with an inspection of at least a second."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"a,churned\n" + b"".join(b"word-%d,%d\n" % (row, row % 2) for row in range(3_000_000)))
    return InspectionRequest(path, CSV_FILE, "churned")


def children() -> list[psutil.Process]:
    return [
        process
        for process in psutil.Process().children()
        if process.status() != psutil.STATUS_ZOMBIE and "app.inspection.child" in process.cmdline()
    ]


def wait_for(true: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def test_a_table_that_takes_too_much_memory_is_too_large(tmp_path: Path) -> None:
    words = b"".join(b"%s%d,%d\n" % (b"w" * 30_000, row, row % 2) for row in range(12_000))
    (tmp_path / "words.csv").write_bytes(b"a,churned\n" + words)
    settings = Settings(home=tmp_path, inspection_bytes=2**28)
    with pytest.raises(TooLargeError, match=r"more than 268,435,456 bytes of memory.*EBB_INSPECTION_BYTES"):
        Inspector(settings).inspect(InspectionRequest(tmp_path / "words.csv", CSV_FILE, "churned"))


def test_a_table_that_takes_too_long_is_too_large(tmp_path: Path, large: InspectionRequest) -> None:
    with pytest.raises(TooLargeError, match=r"more than 1 s.*EBB_INSPECTION_SECONDS"):
        Inspector(Settings(home=tmp_path, inspection_seconds=1)).inspect(large)
    assert children() == []


def test_a_stalled_inspection_ends_at_its_deadline(tmp_path: Path) -> None:
    pipe = tmp_path / "nobody-writes-here"
    os.mkfifo(pipe)
    with pytest.raises(TooLargeError, match="more than 1 s"):
        Inspector(Settings(home=tmp_path, inspection_seconds=1)).inspect(InspectionRequest(pipe, CSV_FILE))
    assert children() == []


@pytest.mark.parametrize(
    ("killed_by", "refusal", "said"),
    [
        (signal.SIGKILL, TooLargeError, "bytes of memory"),
        (signal.SIGABRT, TooLargeError, "bytes of memory"),
        (signal.SIGSEGV, TableError, "the file may be damaged"),
    ],
)
def test_the_death_of_an_inspection_is_a_refusal(
    tmp_path: Path, large: InspectionRequest, killed_by: int, refusal: type[Exception], said: str
) -> None:
    def kill() -> None:
        wait_for(children, "the inspection")
        children()[0].send_signal(killed_by)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(refusal, match=said):
        Inspector(Settings(home=tmp_path)).inspect(large)
    killer.join()


def test_an_inspection_ends_with_its_parent(tmp_path: Path) -> None:
    pipe = tmp_path / "nobody-writes-here"
    os.mkfifo(pipe)
    asked = {field.name: None for field in fields(InspectionRequest)} | {"path": str(pipe), "read_as": CSV_FILE}
    child = start_module("app.inspection.child", {**os.environ, **ONE_BLAS_THREAD})
    assert child.stdin is not None
    child.stdin.write(json.dumps({**asked, "memory_bytes": 2**30, "seconds": 60}).encode() + b"\n")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(2)
    child.stdin.close()
    assert child.wait(60) == 1


def test_a_refusal_by_inspection_is_a_problem_over_http(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    sink = io.BytesIO()
    word = pa.DictionaryArray.from_arrays(pa.array(np.zeros(16_384, np.int32)), pa.array(["a" * 40_000]))
    pyarrow.parquet.write_table(pa.table({"churned": np.arange(16_384) % 2, "t": word}), sink, store_schema=False)
    client = make_app().test_client()
    kind = "application/vnd.apache.parquet"
    answer = client.post("/v1/datasets?target=churned", data=sink.getvalue(), content_type=kind)
    assert answer.status_code == 422
    assert "the text of column 't' has 40,000 characters" in answer.json["detail"]
    slow = make_app(inspection_seconds=1, upload_bytes=10**9).test_client()
    body = b"a,churned\n" + b"".join(b"word-%d,%d\n" % (row, row % 2) for row in range(3_000_000))
    answer = slow.post("/v1/datasets?target=churned", data=body, content_type="text/csv")
    assert answer.status_code == 413
    assert "EBB_INSPECTION_SECONDS" in answer.json["detail"]


def test_an_inspection_holds_its_uploads_place(make_app: Callable[..., Flask], large: InspectionRequest) -> None:
    app = make_app(web_threads=4, upload_bytes=10**9)  # one place
    url, kind = "/v1/datasets?target=churned", "text/csv"
    first = threading.Thread(
        target=lambda: app.test_client().post(url, data=large.path.read_bytes(), content_type=kind)
    )
    first.start()
    wait_for(children, "the first inspection")
    inspection = children()[0]
    inspection.suspend()
    answer = app.test_client().post(url, data=CSV, content_type=kind)
    inspection.resume()
    first.join()
    assert (answer.status_code, answer.json["type"]) == (503, "urn:problem-type:ebb:busy")
    assert answer.headers["Retry-After"]
    assert app.test_client().post(url, data=CSV, content_type=kind).status_code == 201


def test_the_first_rows_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,plan,fee,note\n007,DSL,1.50,\n008,,20," + "x" * 100 + "\n009,DSL,3,y\n", encoding="utf-8")
    first = Inspector(Settings(home=tmp_path)).first_rows(path, CSV_FILE, 2)
    assert first.names == ["id", "plan", "fee", "note"]
    assert first.rows == [["007", "DSL", "1.50", ""], ["008", "", "20", "x" * 79 + "…"]]


def test_the_first_rows_of_what_is_no_table_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(TableError):
        Inspector(Settings(home=tmp_path)).first_rows(path, {"format": "parquet"}, 2)
