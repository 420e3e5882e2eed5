"""`python -m app.inspection.child`: describes one table within limits of memory and processor time.

The question is a line of JSON on standard input, the answer is a JSON object on standard output. The parent keeps
standard input open while it waits for the answer; when the pipe closes, this process ends.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from model.errors import ColumnError, TableError
from model.limits import SCHEMA_BYTES
from model.tables.profiling import profile_file
from store.process_limits import lift_memory, limit_process


def main() -> int:
    """Answer one question."""
    asked = json.loads(_line())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_process(memory_bytes=asked["memory_bytes"], cpu_seconds=asked["seconds"])
    sys.stdout.write(_answer(asked))
    sys.stdout.flush()
    return 0


def _answer(asked: dict[str, Any]) -> str:
    try:
        schema = profile_file(Path(asked["path"]), asked["file_format"], asked["target"], asked["id_column"])
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


def _line() -> bytes:
    """Read one line, unbuffered, because a thread reads the end of the input later."""
    heard = b""
    while not heard.endswith(b"\n"):
        part = os.read(sys.stdin.fileno(), 65536)
        if not part:
            os._exit(1)
        heard += part
    return heard


def _end_with_parent() -> None:
    # The parent writes nothing more, so the read returns when the parent closes the pipe or dies.
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


if __name__ == "__main__":
    os._exit(main())  # at once, without the slow finalization of the interpreter
