"""Measures the service behind compose's proxy: the cost of the proxy, overload, and slow clients.

python benchmarks/overload.py [--seconds N]

Needs `wrk` and nginx (Debian: wrk, nginx-light). Client, proxy and service share the machine. Writes its section of
docs/benchmarks.md.
"""

import json
import socket
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from pages import machine, table, write_section
from serving.home import MODEL, furnish
from serving.load import Ask, Load, measure
from serving.open_loop import LOST, Outcome, open_load
from serving.servers import PROCESSES, Server, ebb, proxied

from ebb.customers import customers

SCORE = f"/v1/models/{MODEL}/score"
CONNECTIONS, ROUNDS = 16, 3
NORMAL, OVERLOAD = 0.4, 3.0  # shares of the capacity
Row = tuple[str, str, str, bool]


def ask(key: str, records: int = 1, **headers: str) -> Ask:
    """Return a scoring request."""
    columns = customers(records, seed=5).columns()
    rows = zip(*(columns[name] for name in columns if name != "churned"), strict=True)
    names = [name for name in columns if name != "churned"]
    body = json.dumps({"records": [dict(zip(names, row, strict=True)) for row in rows]}, default=float).encode()
    return Ask((SCORE,), body, {"Content-Type": "application/json", "Authorization": f"Bearer {key}", **headers})


def closed(server: Server, asked: Ask, seconds: float) -> Load:
    """Run one round of closed load. No request may fail."""
    load = measure(server.url, asked, connections=CONNECTIONS, seconds=seconds, server=server.process)
    assert load.failed == 0, f"{server.name} failed {load.failed} requests"
    return load


def compare(direct: Server, proxy: Server, key: str, seconds: float) -> tuple[list[Row], float]:
    """Measure the cost of the proxy, and the capacity behind it in requests a second."""
    kept, new = ask(key), ask(key, Connection="close")
    rates: dict[str, list[float]] = {"direct": [], "proxy": [], "new": []}
    for each in range(ROUNDS + 1):
        loads = closed(direct, kept, seconds), closed(proxy, kept, seconds), closed(proxy, new, seconds)
        if each:  # the first warms up
            for name, load in zip(rates, loads, strict=True):
                rates[name].append(load.rate)
    share = median(through / straight for through, straight in zip(rates["proxy"], rates["direct"], strict=True))
    fresh = median(rates["new"])
    return [
        ("single records through the proxy, share of direct", f"{share:.2f}", "≥ 0.8", share >= 0.8),
        ("a new connection for each, requests/s", f"{fresh:,.0f}", "≥ 1,000", fresh >= 1000),
    ], median(rates["proxy"])


def overload(proxy: Server, key: str, seconds: float) -> list[Row]:
    """Measure an open load of three times the capacity.

    The capacity is the goodput of a load slightly above it, measured by the same client.
    """
    asked = ask(key)

    def load(rate: float, seconds: float) -> Outcome:
        return open_load(proxy.url, asked, rate=rate, seconds=seconds)

    capacity = max(load(rate, 5).goodput for rate in (1000, 1500, 2000, 2500, 3000, 4000, 5000))
    normal = load(NORMAL * capacity, 10)
    flood = load(OVERLOAD * capacity, seconds)
    time.sleep(5)
    after = load(NORMAL * capacity, 5)
    others = sum(flood.counts.values()) - sum(flood.counts[status] for status in ("200", "429", "503"))
    share, slower = flood.goodput / capacity, flood.p99() / normal.p99()
    print(f"capacity {capacity:,.0f}/s; flood {dict(flood.counts)}; after it {dict(after.counts)}")
    return [
        (f"at {OVERLOAD:g} times the capacity: other answers than 200, 429, 503", f"{others}", "0", others == 0),
        ("lost: reset, or without an answer", f"{flood.counts[LOST]}", "0", flood.counts[LOST] == 0),
        ("goodput, share of the capacity", f"{share:.2f}", "≥ 0.8", share >= 0.8),
        ("p99 of what is answered, × normal", f"{slower:.1f}", "≤ 5", slower <= 5),
        ("p99 5 s later, × normal", f"{after.p99() / normal.p99():.1f}", "≤ 2", after.p99() <= 2 * normal.p99()),
    ]


def half_sent(at: tuple[str, int], key: str, stack: ExitStack) -> None:
    """Open 200 clients that send half a request and then nothing."""
    for _ in range(200):
        connection = stack.enter_context(socket.create_connection(at, 10))
        connection.sendall(f"POST {SCORE} HTTP/1.1\r\nHost: a\r\nContent-Le".encode())


def dripping(at: tuple[str, int], key: str, stack: ExitStack) -> None:
    """Open 200 clients that send a body byte by byte."""
    head = f"POST {SCORE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    held = []
    for _ in range(200):
        held.append(stack.enter_context(socket.create_connection(at, 10)))
        held[-1].sendall(f"{head}Content-Length: 5000\r\n\r\n".encode())
    stop = threading.Event()

    def drip() -> None:
        while not stop.wait(0.5):
            for connection in held:
                connection.send(b" ")

    dripper = threading.Thread(target=drip)
    dripper.start()
    stack.callback(dripper.join)
    stack.callback(stop.set)


def never_reading(at: tuple[str, int], key: str, stack: ExitStack) -> None:
    """Open 50 clients that request 10,000 scores with reasons and never read the answer."""
    body = ask(key, 10_000).body
    head = f"POST {SCORE}?explain=4 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
    for _ in range(50):
        connection = stack.enter_context(socket.socket())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.connect(at)
        connection.sendall(
            f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )


Attack = Callable[[tuple[str, int], str, ExitStack], None]
ATTACKS: Mapping[str, Attack] = {
    "200 half-sent requests": half_sent,
    "200 bodies sent byte by byte": dripping,
    "50 clients that never read": never_reading,
}


@contextmanager
def attacked(proxy: Server, key: str, attack: Attack) -> Iterator[None]:
    """Run slow clients while the context is open."""
    at = urlsplit(proxy.url)
    with ExitStack() as stack:
        attack((str(at.hostname), at.port or 80), key, stack)
        time.sleep(15)  # until all answers are computed and wait for their readers
        yield


def slow_clients(proxy: Server, key: str) -> list[Row]:
    """Measure a normal client beside slow clients."""
    rows: list[Row] = []
    for name, attack in ATTACKS.items():
        before = open_load(proxy.url, ask(key), rate=50, seconds=8)
        with attacked(proxy, key, attack):
            meanwhile = open_load(proxy.url, ask(key), rate=50, seconds=8)
        slower, good = meanwhile.p99() / before.p99(), set(meanwhile.counts) == {"200"}
        rows.append((f"p99 of a normal client beside {name}, × its own", f"{slower:.1f}", "≤ 3", slower <= 3 and good))
    return rows


def main() -> None:
    """Measure, print the table and write its section."""
    parser = ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0, help="of the overload")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        key = furnish(home)
        (home / "proxy").mkdir()
        with ebb(home) as direct, proxied(direct, home / "proxy") as proxy:
            rows, rate = compare(direct, proxy, key, 4.0)
            print(f"{rate:,.0f} requests/s through the proxy")
            rows += overload(proxy, key, options.seconds)
            rows += slow_clients(proxy, key)
    shown = table(["", "measured", "goal", ""], [[*row[:3], "met" if row[3] else "MISSED"] for row in rows])
    print(f"{shown}\n{machine()}")
    how = (
        f"4-8-4-1, one record a request, {PROCESSES} API processes, nginx, and the client on the same machine. The "
        f"first two rows are a closed loop of {CONNECTIONS} connections, medians of {ROUNDS} rounds; the others an "
        f"open loop; its client also measured the capacity. `benchmarks/overload.py`. {machine()}"
    )
    write_section("overload", f"## Behind the proxy, and under overload\n\n{shown}\n\n{how}")


if __name__ == "__main__":
    main()
