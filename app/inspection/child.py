"""`python -m app.inspection.child`: describes one table within limits of memory and processor time.

The request is a line of JSON on standard input, the answer is a JSON object on standard output. The parent keeps
standard input open while it waits for the answer; when the pipe closes, this process ends.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from model.errors import ColumnError, TableError
from model.limits import SCHEMA_BYTES
from model.tables.file_reading import FileReading
from model.tables.profiling import profile_file
from store.child_processes import end_with_parent, read_line
from store.process_limits import lift_memory, limit_process


def main() -> int:
    """Inspect one table."""
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


if __name__ == "__main__":
    os._exit(main())  # at once, without the slow finalization of the interpreter
