"""Open load: requests are sent at fixed times, whether earlier ones were answered or not, like those of many clients.

A closed loop such as `wrk` sends less when the server is slow. It hides the waiting time of requests.
"""

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import urlsplit

from serving.load import Ask

TIMEOUT_SECONDS = 10.0
MOST_CONNECTIONS = 500  # as many clients: a request that none can send in time is sent late, and its wait counts
LOST = "lost"
"""The status of a request whose connection was reset or whose answer did not come in time."""


@dataclass
class Outcome:
    """The result of an open load.

    Units: `seconds` of the load; `waits` in seconds from a request's time to its answer, by status.
    """

    seconds: float
    waits: dict[str, list[float]] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """The number of requests by status."""
        return Counter({status: len(waits) for status, waits in self.waits.items()})

    @property
    def goodput(self) -> float:
        """The requests a second with status 200."""
        return len(self.waits.get("200", ())) / self.seconds

    def p99(self, status: str = "200") -> float:
        """The 99th percentile of the waits of a status, in seconds."""
        waits = self.waits.get(status, [])
        return quantiles(waits, n=100)[-1] if len(waits) > 1 else float("nan")


class _Connection(asyncio.Protocol):
    """A persistent connection. It sends one request at a time."""

    def __init__(self, load: "_Load") -> None:
        self._load = load
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self._due: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, due: float, request: bytes) -> None:
        assert self._transport is not None
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.lower()
        length = int(lines.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length or self._due is None:
            return
        self._load.ended(head[9:12].decode(), self._due)
        self._due, self._read = None, b""
        if b"connection: close" in lines:
            self.close()
        else:
            self._load.free.append(self)

    def overdue(self, now: float) -> bool:
        return self._due is not None and now - self._due > TIMEOUT_SECONDS

    @property
    def gone(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._load.connections.discard(self)
        if self._due is not None:
            self._load.ended(LOST, self._due)
            self._due = None


class _Load:
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.free: deque[_Connection] = deque()
        self.connections: set[_Connection] = set()
        self.opening = 0

    def ended(self, status: str, due: float) -> None:
        self.outcome.waits.setdefault(status, []).append(time.perf_counter() - due)

    def take(self) -> _Connection | None:
        """Return a free connection."""
        while self.free:
            connection = self.free.popleft()
            if not connection.gone:
                return connection
        return None

    @property
    def full(self) -> bool:
        return len(self.connections) + self.opening >= MOST_CONNECTIONS

    async def open(self, due: float, request: bytes, host: str, port: int) -> None:
        """Send on a new connection."""
        self.opening += 1
        try:
            _, made = await asyncio.get_running_loop().create_connection(lambda: _Connection(self), host, port)
        except OSError:
            self.ended(LOST, due)
            return
        finally:
            self.opening -= 1
        self.connections.add(made)
        made.send(due, request)


def open_load(url: str, ask: Ask, *, rate: float, seconds: float) -> Outcome:
    """Send `rate` requests a second at equal intervals, and wait for the answers."""
    at = urlsplit(url)
    headers = "".join(f"{name}: {value}\r\n" for name, value in ask.headers.items())
    head = f"POST {ask.paths[0]} HTTP/1.1\r\nHost: {at.netloc}\r\n{headers}Content-Length: {len(ask.body)}\r\n\r\n"
    return asyncio.run(_run(str(at.hostname), at.port or 80, head.encode() + ask.body, rate, seconds))


async def _run(host: str, port: int, request: bytes, rate: float, seconds: float) -> Outcome:
    load, begun, pending = _Load(Outcome(seconds)), time.perf_counter(), set[asyncio.Task[None]]()
    number, total = 0, round(rate * seconds)
    while number < total:
        now = time.perf_counter()
        while number < total and (due := begun + number / rate) <= now:
            if connection := load.take():
                connection.send(due, request)
            elif load.full:
                break
            else:
                opening = asyncio.create_task(load.open(due, request, host, port))
                pending.add(opening)
                opening.add_done_callback(pending.discard)
            number += 1
        await asyncio.sleep(0.001)
    await asyncio.gather(*pending)
    until = time.perf_counter() + TIMEOUT_SECONDS
    while sum(load.outcome.counts.values()) < total and time.perf_counter() < until:
        await asyncio.sleep(0.05)
    for connection in list(load.connections):
        connection.close()
    await asyncio.sleep(0.1)
    return load.outcome
