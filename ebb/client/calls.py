"""What the calls of all resources share: the connection, bodies, pages and idempotency keys."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ebb.connection import Connection, decode, decode_part
from ebb.errors import UnreadableError

T = TypeVar("T")

PAGE_SIZE = 200


class Calls:
    """Requests to one service.

    Raises: every method: UnreachableError, RefusedError, BusyError, UnreadableError.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _get(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        return self._connection.send("GET", path, params=params)

    def _create(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        return self._post(path, body, headers=idempotency_key())

    def _delete(self, path: str) -> None:
        self._connection.send("DELETE", path)

    def _post(
        self,
        path: str,
        body: Mapping[str, object] | None,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        if body is None:
            return self._connection.send("POST", path, params=params, headers=headers)
        typed = {"Content-Type": "application/json", **(headers or {})}
        return self._connection.send("POST", path, params=params, headers=typed, content=msgspec.json.encode(body))

    def _pages(
        self, path: str, name: str, item_type: type[T], params: Mapping[str, str | int] | None = None
    ) -> Iterator[T]:
        """Yield the items of a list, page by page."""
        wanted: dict[str, str | int] = {"page_size": PAGE_SIZE, **(params or {})}
        while True:
            response = self._get(path, wanted)
            page = decode(response, dict[str, msgspec.Raw])
            if name not in page:
                raise UnreadableError(f"{response.request.url} answered a page without {name!r}")
            yield from decode_part(response, page[name], list[item_type])  # type: ignore[valid-type]  # a type in a variable
            token = decode(response, _Next).next_page_token
            if not token:
                return
            wanted["page_token"] = token


class _Next(msgspec.Struct):
    next_page_token: str | None = None


def idempotency_key() -> dict[str, str]:
    """Return the header by which a repeated request creates nothing a second time."""
    return {"Idempotency-Key": str(uuid.uuid4())}


def given(**options: Any) -> dict[str, Any]:
    """Return the options that are not None.

    Example:
        >>> given(alias="champion", version=None)
        {'alias': 'champion'}
    """
    return {name: value for name, value in options.items() if value is not None}


def model_path(name: str) -> str:
    """Return the path of a registered model."""
    return f"/v1/models/{quote(name, safe='')}"


def job_path(job_id: str) -> str:
    """Return the path of a job."""
    return f"/v1/jobs/{quote(job_id, safe='')}"
