"""The scripts, styles and pictures of the pages; an address holds the file's digest, so that browsers keep it.

Files of others are in `static/vendor/`; its manifest names their packages, versions and licences.
"""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Response, request

from app.routing.route import Route
from app.services import Services
from store.errors import NotFoundError

FOLDER = Path(__file__).parent / "static"
TYPES = {".css": "text/css", ".csv": "text/csv", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@dataclass(frozen=True)
class StaticFile:
    """A file, its media type and its address."""

    body: bytes
    packed: bytes
    media_type: str
    address: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Return all files by their names, which are unique in all folders."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in TYPES)
    return {path.name: _read(path) for path in found}


def static_address(name: str) -> str:
    """Return the address of a file, for templates.

    Raises: KeyError if there is no such file.
    """
    return static_files()[name].address


def static_file(services: Services, digest: str, file: str) -> Response:
    """Return a script, a style sheet or a picture."""
    known = static_files().get(file)
    if known is None or known.address != request.path:
        raise NotFoundError(f"there is no file '{file}' of this digest in this release")
    if request.accept_encodings.quality("gzip"):
        return Response(known.packed, mimetype=known.media_type, headers={**HEADERS, "Content-Encoding": "gzip"})
    return Response(known.body, mimetype=known.media_type, headers=HEADERS)


def favicon(services: Services) -> Response:
    """Return the icon, which browsers ask for beside answers that are no HTML."""
    icon = static_files()["ebb.svg"]
    return Response(icon.body, mimetype=icon.media_type, headers={"Cache-Control": "public, max-age=86400"})


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    address = f"/static/{hashlib.sha256(body).hexdigest()[:16]}/{path.name}"
    return StaticFile(body, gzip.compress(body, mtime=0), TYPES[path.suffix], address)


ROUTES = (
    Route(
        "GET",
        "/static/{digest}/{file}",
        static_file,
        None,
        "A script, style sheet or picture of the pages",
        {200: "application/octet-stream"},
        (404,),
        page=True,
    ),
    Route("GET", "/favicon.ico", favicon, None, "The icon of the pages", {200: "image/svg+xml"}, page=True),
)
