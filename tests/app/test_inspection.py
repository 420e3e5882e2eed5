"""An upload is inspected by a process of its own: too much memory or time, and its death, are refusals."""

import io
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet
import pytest
from flask import Flask

from app.errors import BusyError, TooLargeError
from app.inspection import inspector as inspecting
from app.inspection.inspector import Inspector, Question
from model.errors import TableError
from store.children import ONE_BLAS_THREAD, start_listening
from store.settings import Settings
from tests.app.conftest import CSV


@pytest.fixture
def large(tmp_path: Path) -> Question:
    """A table whose inspection takes a second or more."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"a,churned\n" + b"".join(b"word-%d,%d\n" % (row, row % 2) for row in range(3_000_000)))
    return Question(path, "csv", "churned")


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
        Inspector(settings).inspect(Question(tmp_path / "words.csv", "csv", "churned"))


def test_a_table_that_takes_too_long_is_too_large(tmp_path: Path, large: Question) -> None:
    with pytest.raises(TooLargeError, match=r"more than 1 s.*EBB_INSPECTION_SECONDS"):
        Inspector(Settings(home=tmp_path, inspection_seconds=1)).inspect(large)
    assert children() == []


def test_an_inspection_that_stands_still_ends_at_its_deadline(tmp_path: Path) -> None:
    pipe = tmp_path / "nobody-writes-here"
    os.mkfifo(pipe)
    with pytest.raises(TooLargeError, match="more than 1 s"):
        Inspector(Settings(home=tmp_path, inspection_seconds=1)).inspect(Question(pipe, "csv"))
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
    tmp_path: Path, large: Question, killed_by: int, refusal: type[Exception], said: str
) -> None:
    def kill() -> None:
        wait_for(children, "the inspection")
        children()[0].send_signal(killed_by)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(refusal, match=said):
        Inspector(Settings(home=tmp_path)).inspect(large)
    killer.join()


def test_no_more_tables_are_inspected_at_once_than_half_the_threads(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "nobody-writes-here")
    inspector = Inspector(Settings(home=tmp_path, web_threads=2, inspection_seconds=30))
    ended: list[Exception] = []

    def inspect() -> None:
        try:
            inspector.inspect(Question(tmp_path / "nobody-writes-here", "csv"))
        except (TooLargeError, TableError) as error:
            ended.append(error)

    first = threading.Thread(target=inspect)
    first.start()
    wait_for(children, "the first inspection")
    with pytest.raises(BusyError, match="come back in a moment"):
        inspector.inspect(Question(tmp_path / "other", "csv"))
    children()[0].kill()
    first.join()
    assert len(ended) == 1
    (tmp_path / "table.csv").write_bytes(CSV)
    assert inspector.inspect(Question(tmp_path / "table.csv", "csv", "churned"))["rows"] == 300


def test_an_inspection_ends_with_its_parent(tmp_path: Path) -> None:
    pipe = tmp_path / "nobody-writes-here"
    os.mkfifo(pipe)
    asked = {"path": str(pipe), "file_format": "csv", "target": None, "id_column": None}
    child = start_listening("app.inspection.child", {**os.environ, **ONE_BLAS_THREAD})
    assert child.stdin is not None
    child.stdin.write(json.dumps({**asked, "memory_bytes": 2**30, "seconds": 60}).encode() + b"\n")
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(2)
    child.stdin.close()
    assert child.wait(60) == 1


def test_a_refusal_by_inspection_is_told_over_http(make_app: Callable[..., Flask], tmp_path: Path) -> None:
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


def test_too_many_inspections_are_503_with_when_to_come_back(
    make_app: Callable[..., Flask], tmp_path: Path, large: Question
) -> None:
    app = make_app(web_threads=1, upload_bytes=10**9)
    services = app.extensions["ebb"]
    busy = threading.Thread(target=lambda: services.inspector.inspect(large))
    busy.start()
    wait_for(children, "the first inspection")
    children()[0].suspend()
    answer = app.test_client().post("/v1/datasets?target=churned", data=CSV, content_type="text/csv")
    children()[0].resume()
    busy.join()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert inspecting.WAIT_SECONDS < 5
