"""Logs: one JSON object a line on standard error; one line a request, without its body, query or key."""

import json
import logging
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus

import msgspec
from flask import Response

from app.edge.exchange import Exchange, Hooks
from model.names import escaped

access = logging.getLogger("ebb.access")

STDERR = 2
PROBES = ("/livez", "/readyz", "/metrics")  # requested every few seconds; logged at INFO only if they fail
_plain = logging.Formatter()


class JsonLines(logging.Handler):
    """Writes each record as one JSON object in one system call, so that threads need no lock."""

    def __init__(self, descriptor: int = STDERR) -> None:
        super().__init__()
        self._descriptor = descriptor

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record, without the lock that other handlers need."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record with its extra facts, and the traceback if there is one."""
        try:
            facts = dict(getattr(record, "facts", {}))
            if record.exc_info:
                facts["traceback"] = _plain.formatException(record.exc_info)
            self.write(record.created, record.levelname, record.name, record.getMessage(), facts)
        except Exception:  # noqa: BLE001 - as the standard library's handlers do
            self.handleError(record)

    def write(self, at: float, level: str, logger: str, message: str, facts: Mapping[str, object]) -> None:
        """Write a line.

        Units: `at` in seconds since 1970.
        """
        time_text = f"{_second(int(at))}.{int(at % 1 * 1000):03}+00:00"
        line = _encoded({"time": time_text, "level": level, "logger": logger, "message": message, **facts})
        while line:
            line = line[os.write(self._descriptor, line) :]


def _encoded(line: Mapping[str, object]) -> bytes:
    try:
        encoded = msgspec.json.encode(line)
    except UnicodeEncodeError:  # a lone surrogate in the text of an exception
        encoded = json.dumps(line).encode()
    if not encoded.isascii():  # equal JSON, without characters that control a terminal
        encoded = escaped(encoded.decode()).encode()
    return encoded + b"\n"


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()


class ShortTimeouts(logging.Filter):
    """Drops the traceback that gunicorn logs for the timeout of a client."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten such a record; pass every record."""
        if record.exc_info and isinstance(record.exc_info[1], BlockingIOError | TimeoutError):
            record.msg = "a client sent or read nothing for too long, and its connection was closed"
            record.args, record.exc_info = (), None
            record.levelno, record.levelname = logging.INFO, "INFO"
        return True


def configure(level: str) -> None:
    """Send every logger's lines to standard error."""
    logging.basicConfig(level=level, handlers=[JsonLines()], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs each check of the tables' release
    # The lines hold neither thread nor source line, so logging need not look them up.
    logging.logThreads = logging.logMultiprocessing = False
    logging._srcfile = None  # as Python's documentation has it, under "Optimization"


def adopt(logger: logging.Logger) -> None:
    """Write a library's lines as JSON, and remove its own handlers."""
    logger.handlers.clear()
    logger.propagate = True
    logger.addFilter(ShortTimeouts())


def install(hooks: Hooks) -> None:
    """Log every request when its answer is ready.

    The line is written directly: a log record would cost more than the line.
    """
    lines = JsonLines()

    def log(exchange: Exchange, response: Response) -> None:
        request = exchange.request
        path, status = request.path, response.status_code
        level = logging.DEBUG if path in PROBES and status < HTTPStatus.BAD_REQUEST else logging.INFO
        if access.isEnabledFor(level):
            facts = {
                "request_id": exchange.id,
                "method": request.method,
                "path": path,
                "status": status,
                "bytes": response.content_length,
                "ms": round((time.perf_counter() - exchange.begun) * 1000, 2),
                "client": request.remote_addr or "",
                "key": exchange.caller.key_id,
            }
            message = f"{request.method} {path} {status}"
            lines.write(time.time(), logging.getLevelName(level), access.name, message, facts)

    hooks.after_request(log)
