"""Log lines are JSON objects, one a line, with any content."""

import json
import logging
import os
import sys

from app.edge.logs import JsonLines
from model.names import refused_character


def written(record: logging.LogRecord) -> dict[str, object]:
    reader, writer = os.pipe()
    JsonLines(writer).handle(record)
    os.close(writer)
    (line,) = os.read(reader, 65536).splitlines()
    os.close(reader)
    told: dict[str, object] = json.loads(line)
    return told


def test_a_line_has_time_message_and_fields() -> None:
    told = written(logging.makeLogRecord({"created": 1.0625, "levelname": "INFO", "msg": "ä", "facts": {"ms": 0.5}}))
    assert told == {"time": "1970-01-01T00:00:01.062+00:00", "level": "INFO", "logger": None, "message": "ä", "ms": 0.5}


def test_a_traceback_and_a_lone_surrogate_are_logged_in_one_line() -> None:
    try:
        raise ValueError("\ud800")
    except ValueError:
        told = written(logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()}))
    assert "ValueError: \ud800" in str(told["traceback"])


def test_no_terminal_obeys_a_line_that_says_the_same() -> None:
    text = "ana\u202elyst \x1b[2J \x9b \u2028 ü 👩\u200d💻"
    reader, writer = os.pipe()
    JsonLines(writer).handle(logging.makeLogRecord({"msg": text}))
    os.close(writer)
    line = os.read(reader, 65536).decode()
    os.close(reader)
    assert json.loads(line)["message"] == text
    assert refused_character(line.removesuffix("\n")) is None
