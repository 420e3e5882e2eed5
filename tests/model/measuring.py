"""`python -m tests.model.measuring`: measures the cost of reading tables, each in a forked process.

Each line of standard input has a file, its format and a reader. Each line of standard output has the memory, the
processor time and the result.

Units: bytes, seconds.
"""

import json
import os
import resource
import sys
from pathlib import Path

from model.errors import ModelError
from model.tables.profiling import profile_file
from model.tables.reader import read_chunks, read_table

MOST_SECONDS = 60
MOST_BYTES = 4 * 1024**3


def upload(path: Path, file_format: str) -> None:
    profile_file(path, file_format, "churned")


def score(path: Path, file_format: str) -> None:
    for _ in read_chunks(path, file_format, {"plan"}, "id", {"a", "plan"}):
        pass


def train(path: Path, file_format: str) -> None:
    read_table(path, file_format)


WAYS = {"upload": upload, "score": score, "train": train}


def read(path: str, file_format: str, way: str) -> str:
    """Read a file, and return the result."""
    try:
        WAYS[way](Path(path), file_format)
    except (ModelError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"
    return "read"


def measure(line: str) -> dict[str, object]:
    """Read a file in a separate process."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
        os.write(send, read(*json.loads(line)).encode()[:1000])
        os._exit(0)
    os.close(send)
    _, status, used = os.wait4(child, 0)
    with os.fdopen(receive, "rb") as pipe:
        ended = pipe.read().decode(errors="replace") or f"died: {status}"
    return {"bytes": used.ru_maxrss * 1024, "seconds": used.ru_utime + used.ru_stime, "ended": ended}


if __name__ == "__main__":
    for asked in sys.stdin:
        print(json.dumps(measure(asked)), flush=True)
