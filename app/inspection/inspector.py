"""Inspections: each table in a process of its own, within limits of memory and time."""

import contextlib
import json
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.errors import TooLargeError
from model.errors import ColumnError, TableError
from model.tables.first_rows import FirstRows
from store.child_processes import ONE_BLAS_THREAD, start_module
from store.settings import Settings

log = logging.getLogger(__name__)

OUT_OF_MEMORY = (-signal.SIGKILL, -signal.SIGABRT)  # by the kernel; by Arrow, which does not always raise MemoryError


@dataclass(frozen=True)
class InspectionRequest:
    """A table, how it is to be read, and the names of its target and id columns, if any.

    With `first_rows` these are wanted, and no schema. With `rows` it is a workbook, whose first rows are wanted as CSV;
    `usual` is how such files are usually read.
    """

    path: Path
    read_as: Mapping[str, str]
    target: str | None = None
    id_column: str | None = None
    rows: int | None = None
    usual: Mapping[str, str] | None = None
    first_rows: int | None = None


class Inspector:
    """Inspects tables. `Services.uploads` limits how many at once: an upload keeps its place during inspection."""

    def __init__(self, settings: Settings) -> None:
        self._memory_bytes = settings.inspection_bytes
        self._seconds = settings.inspection_seconds

    def inspect(self, request: InspectionRequest) -> dict[str, Any]:
        """Return the table's schema as JSON.

        Raises: TableError, ColumnError; TooLargeError if the inspection exceeds a limit.
        """
        schema: dict[str, Any] = self._answer(request)["schema"]
        return schema

    def rows_as_csv(self, request: InspectionRequest) -> tuple[str, dict[str, Any]]:
        """Return the first rows of a workbook as CSV with commas, and how it was read.

        Raises: TableError; TooLargeError if it exceeds a limit.
        """
        answer = self._answer(request)
        return answer["csv"], answer["read_as"]

    def first_rows(self, path: Path, read_as: Mapping[str, Any], most: int) -> FirstRows:
        """Return the first rows of a table.

        Raises: as `inspect` does.
        """
        return FirstRows(**self._answer(InspectionRequest(path, read_as, first_rows=most))["first_rows"])

    def _answer(self, request: InspectionRequest) -> dict[str, Any]:
        answer = self._run_child(request)
        match answer.get("refused"):
            case None:
                return answer
            case "column":
                raise ColumnError(answer["detail"], answer["role"])
            case "memory":
                raise self._too_much_memory()
            case _:
                raise TableError(answer["detail"])

    def _run_child(self, request: InspectionRequest) -> dict[str, Any]:
        child = start_module("app.inspection.child", {**os.environ, **ONE_BLAS_THREAD}, subprocess.PIPE)
        late = threading.Event()

        def expire() -> None:
            late.set()
            child.kill()

        deadline = threading.Timer(self._seconds, expire)
        deadline.start()
        try:
            output = self._exchange(child, request)
        finally:
            deadline.cancel()
            child.kill()  # does nothing if it has ended
            child.communicate()
        if late.is_set() or child.returncode == -signal.SIGXCPU:
            raise TooLargeError(
                f"inspecting the table took more than {self._seconds:,} s: split it into several, or have the service "
                "run with a larger EBB_INSPECTION_SECONDS"
            )
        if child.returncode in OUT_OF_MEMORY:
            raise self._too_much_memory()
        if child.returncode != 0:
            log.error("an inspection ended with code %d", child.returncode)
            raise TableError("the process that inspected the table crashed: the file may be damaged, write it again")
        answer: dict[str, Any] = json.loads(output)
        return answer

    def _exchange(self, child: subprocess.Popen[bytes], request: InspectionRequest) -> bytes:
        assert child.stdin is not None  # noqa: S101 - it was started with pipes
        assert child.stdout is not None  # noqa: S101 - as above
        limits = {"memory_bytes": self._memory_bytes, "seconds": self._seconds}
        line = {**asdict(request), "path": str(request.path), **limits}
        with contextlib.suppress(BrokenPipeError):  # it has ended; its exit code tells why
            child.stdin.write(json.dumps(line).encode() + b"\n")
        output = child.stdout.read()
        child.wait()
        return output

    def _too_much_memory(self) -> TooLargeError:
        return TooLargeError(
            f"inspecting the table takes more than {self._memory_bytes:,} bytes of memory: split it into several, "
            "leave out columns of long texts, or have the service run with a larger EBB_INSPECTION_BYTES"
        )
