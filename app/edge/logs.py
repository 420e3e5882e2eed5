"""Logs: one JSON object a line on standard error; one line a request, without bodies, queries or keys."""

import json
import logging
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Flask, Response

from app.edge.current import kept, this_request
from app.edge.request_ids import request_id

access = logging.getLogger("ebb.access")

PROBES = ("/livez", "/readyz", "/metrics")  # asked every few seconds; worth a line when the answer is bad


_text = json.JSONEncoder(ensure_ascii=False).encode  # made once; json.dumps would make one for each line


class JsonFormatter(logging.Formatter):
    """Writes a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger and message, what was added, and the traceback if there is one."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _text(line)


def configure(level: str) -> None:
    """Send every logger's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # What no line tells need not be found out for each: thread, and (by the last) the place in the code. The
    # process has to be: gunicorn names it in lines of its own.
    logging.logThreads = logging.logMultiprocessing = False
    logging._srcfile = None  # as Python's documentation has it, under "Optimization"
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each look at the tables' release


def install(app: Flask) -> None:
    """Log every request when its answer is ready."""
    app.before_request(_begin)
    app.after_request(_log)


def _begin() -> None:
    kept().begun = time.perf_counter()


def _log(response: Response) -> Response:
    here, request, now = kept(), this_request(), time.perf_counter()
    caller, status = here.get("caller"), response.status_code
    facts = {
        "request_id": request_id(),
        "method": request.method,
        "path": request.path,
        "status": status,
        "bytes": response.content_length,
        "ms": round((now - here.get("begun", now)) * 1000, 2),
        "client": request.remote_addr or "",
        "key": caller.key_id if caller is not None else "",
    }
    level = logging.DEBUG if request.path in PROBES and status < HTTPStatus.BAD_REQUEST else logging.INFO
    access.log(level, "%s %s %d", request.method, request.path, status, extra={"facts": facts})
    return response
