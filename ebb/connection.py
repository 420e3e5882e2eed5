"""The connection to one service: sends requests, retries those that may succeed later, and explains failures."""

import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import httpx
import msgspec

from ebb.errors import BusyError, RefusedError, ServiceProblem, UnreachableError, UnreadableError

T = TypeVar("T")

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
COME_BACK_LATER = {429, 503}
SHORTEST_WAIT = 0.05
ERROR_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
PAUSES = (0.1, 0.3, 0.6)  # seconds before each retry of a request whose connection broke


class Connection:
    """Sends HTTP requests with the API key, and raises an error for each problem.

    Units: seconds. A request is retried after 429 and 503 for `retry_seconds`, before BusyError is raised. After a
    broken connection it is retried three times, if it did not reach the service, only reads, or has an idempotency key.
    `timeout` is for one answer.
    """

    def __init__(
        self, base_url: str, key: str | None = None, *, retry_seconds: float = 30.0, timeout: float = 60.0
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._retry_seconds = retry_seconds
        self._http = httpx.Client(
            base_url=self.base_url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            # A proxy of the environment cannot reach the loopback of this machine.
            trust_env=httpx.URL(self.base_url).host not in LOOPBACK,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(  # noqa: PLR0913 - the parts of a request, and where its answer goes
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | Path | None = None,
        save: BinaryIO | None = None,
    ) -> httpx.Response:
        """Send a request, and retry it after 429 and 503, or a broken connection, until it succeeds.

        A file is sent in chunks; `save` receives the body of the answer in chunks.

        Raises: UnreachableError, RefusedError, BusyError.
        """
        give_up = time.monotonic() + self._retry_seconds
        pauses, start = list(PAUSES), 0 if save is None else save.tell()
        while True:
            try:
                response = self._send(save, method, path, params=params, headers=headers, content=content)
            except httpx.TransportError as error:
                if not (_repeatable(method, headers, error) and pauses and time.monotonic() + pauses[0] < give_up):
                    raise UnreachableError(self._why_unreachable(error)) from error
                time.sleep(pauses.pop(0))
                if save is not None:
                    save.seek(start)
                    save.truncate()
                continue
            if response.is_success or response.status_code == 304:
                return response
            if response.status_code not in COME_BACK_LATER:
                raise RefusedError(f"{method} {path}", read_problem(response))
            wait = max(SHORTEST_WAIT, retry_after(response.headers.get("Retry-After"), datetime.now(UTC)))
            if time.monotonic() + wait > give_up:
                raise BusyError(f"{method} {path}", read_problem(response))
            time.sleep(wait)

    def _send(
        self, save: BinaryIO | None, method: str, path: str, *, content: bytes | Path | None, **more: Any
    ) -> httpx.Response:
        with ExitStack() as opened:
            body = opened.enter_context(content.open("rb")) if isinstance(content, Path) else content
            if save is None:
                return self._http.request(method, path, content=body, **more)
            response = opened.enter_context(self._http.stream(method, path, content=body, **more))
            if not response.is_success:
                response.read()
            else:
                for chunk in response.iter_bytes():
                    save.write(chunk)
            return response

    @contextmanager
    def stream(self, path: str, *, headers: Mapping[str, str] | None = None) -> Iterator[httpx.Response]:
        """Request a stream, without retries.

        Raises: UnreachableError, also while the stream is read; RefusedError, BusyError.
        """
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                if not response.is_success:
                    response.read()
                    later = response.status_code in COME_BACK_LATER
                    raise (BusyError if later else RefusedError)(f"GET {path}", read_problem(response))
                yield response
        except httpx.TransportError as error:
            raise UnreachableError(self._why_unreachable(error)) from error

    def _why_unreachable(self, error: httpx.TransportError) -> str:
        if isinstance(error, httpx.UnsupportedProtocol):
            return f"{self.base_url!r} is no address of a service: it must begin with http:// or https://"
        if isinstance(error, httpx.ConnectError):
            reason = ERROR_NUMBER.sub("", str(error))
            return f"nothing answers at {self.base_url} ({reason}); `ebb up` starts the service there"
        if isinstance(error, httpx.TimeoutException):
            return f"{self.base_url} did not answer in time; is the service overloaded or stopped?"
        return f"the connection to {self.base_url} broke: {error or type(error).__name__}"


def _repeatable(method: str, headers: Mapping[str, str] | None, error: httpx.TransportError) -> bool:
    """Tell whether a request may be sent again: it came to nobody, changes nothing, or creates nothing twice."""
    if isinstance(error, httpx.ConnectError):
        return True
    return not isinstance(error, httpx.TimeoutException) and (method == "GET" or "Idempotency-Key" in (headers or {}))


def decode(response: httpx.Response, answer_type: type[T]) -> T:
    """Decode an answer's JSON; unknown fields are ignored.

    Raises: UnreadableError.
    """
    return decode_part(response, response.content, answer_type)


def decode_part(response: httpx.Response, part: bytes | msgspec.Raw, answer_type: type[T]) -> T:
    """Decode a part of an answer's JSON.

    Raises: UnreadableError.
    """
    try:
        return msgspec.json.decode(part, type=answer_type)
    except msgspec.DecodeError as error:
        asked = f"{response.request.method} {response.request.url}"
        raise UnreadableError(f"this client cannot read the answer to {asked}: {error}") from error


def retry_after(value: str | None, now: datetime) -> float:
    """Return the seconds of a Retry-After header, a number or a date; 1 if the header is invalid.

    Source: RFC 9110, 10.2.3.

    Example:
        >>> retry_after("3", datetime(2026, 1, 1, tzinfo=UTC))
        3.0
        >>> retry_after("Thu, 01 Jan 2026 00:00:05 GMT", datetime(2026, 1, 1, tzinfo=UTC))
        5.0
    """
    if value is not None and value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(value or "") - now).total_seconds())
    except (ValueError, TypeError):
        return 1.0


class _Detail(msgspec.Struct):
    pointer: str = ""
    detail: str = ""


class _Body(msgspec.Struct):
    title: str = ""
    detail: str = ""
    errors: list[_Detail] = msgspec.field(default_factory=list)
    request_id: str | None = None


def read_problem(response: httpx.Response) -> ServiceProblem:
    """Read the problem of the service, or the error page of a proxy."""
    reason = response.reason_phrase
    try:
        body = msgspec.json.decode(response.content, type=_Body)
    except msgspec.DecodeError:
        return ServiceProblem(response.status_code, reason, " ".join(response.text.split())[:200])
    errors = tuple(f"{e.pointer}: {e.detail}" if e.pointer else e.detail for e in body.errors)
    return ServiceProblem(response.status_code, body.title or reason, body.detail, errors, body.request_id)
