"""`python -m app.inspection.child`: describes one table, or reads its first rows, within limits of memory and time.

The request is a line of JSON on standard input, the answer is a JSON object on standard output. The parent keeps
standard input open while it waits for the answer; when the pipe closes, this process ends.
"""

import csv
import io
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.errors import ColumnError, TableError
from model.limits import SCHEMA_BYTES
from model.tables.arrow import arrow_batches
from model.tables.file_reading import FileReading
from model.tables.first_rows import read_first_rows
from model.tables.opening import opened, recognise
from model.tables.profiling import profile_file
from store.child_processes import end_with_parent, read_line
from store.process_limits import leave_out_pandas, lift_memory, limit_process


def main() -> int:
    """Inspect one table."""
    leave_out_pandas()
    line = read_line()
    if not line:
        return 1
    request = json.loads(line)
    end_with_parent(1)
    limit_process(memory_bytes=request["memory_bytes"], cpu_seconds=request["seconds"])
    sys.stdout.write(_answer(request))
    sys.stdout.flush()
    return 0


def _answer(request: dict[str, Any]) -> str:
    try:
        reading = FileReading.from_json(request["read_as"])
        if request["rows"] is not None:
            return json.dumps(_as_csv(Path(request["path"]), reading, request["usual"] or {}, request["rows"]))
        if request["first_rows"] is not None:
            return json.dumps(
                {"first_rows": asdict(read_first_rows(Path(request["path"]), reading, request["first_rows"]))}
            )
        schema = profile_file(Path(request["path"]), reading, request["target"], request["id_column"])
        answer = json.dumps({"schema": schema.to_json()})
        if len(answer) > SCHEMA_BYTES:
            raise TableError(
                f"the texts that the columns hold take {len(answer):,} bytes to list, more than {SCHEMA_BYTES:,}: "
                "leave out columns of long texts"
            )
    except TableError as error:
        return json.dumps({"refused": "table", "detail": str(error)})
    except ColumnError as error:
        return json.dumps({"refused": "column", "detail": str(error), "role": error.role})
    except MemoryError:
        lift_memory()
        return json.dumps({"refused": "memory"})
    return answer


def _as_csv(path: Path, wanted: FileReading, usual: Mapping[str, str], most_rows: int) -> dict[str, Any]:
    """Return at most these first rows of a table as CSV, and how it is read.

    Raises: TableError.
    """
    reading = recognise(path, wanted)[0].as_usual(usual)
    out = io.StringIO()
    writer = csv.writer(out)
    with opened(path, reading) as table:
        for number, batch in enumerate(arrow_batches(table)):
            if number == 0:
                writer.writerow(batch.schema.names)
            some = batch.slice(0, most_rows)
            most_rows -= len(some)
            writer.writerows(zip(*(column.to_pylist() for column in some.columns), strict=True))
            if most_rows <= 0:
                break
    return {"csv": out.getvalue(), "read_as": reading.to_json()}


if __name__ == "__main__":
    os._exit(main())  # at once, without the slow finalization of the interpreter
