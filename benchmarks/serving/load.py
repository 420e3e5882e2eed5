"""Closed load on a server: each connection sends a request when its last one is answered.

`wrk` sends the requests if it is installed, and takes little processor time. A Python client is the fallback.
"""

import http.client
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
SCRIPT = """
local file = io.open(BODY, "rb"); local body = file:read("*a"); file:close()
wrk.method = "POST"; wrk.body = body
for name, value in pairs(HEADERS) do wrk.headers[name] = value end
local paths, turn = PATHS, 0
request = function() turn = turn % #paths + 1; return wrk.format(nil, paths[turn]) end
if #paths == 1 then request = nil; wrk.path = paths[1] end
"""


@dataclass(frozen=True)
class Ask:
    """A body, and the path or paths that get it in turn."""

    paths: tuple[str, ...]
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Load:
    """The result of a load.

    Units: `p99` in seconds; `processor` in seconds of the server's processor time a request, None where not known.
    """

    rate: float
    p99: float
    failed: int
    processor: float | None


def measure(url: str, ask: Ask, *, connections: int, seconds: float, server: int) -> Load:
    """Load the server at `url`. `server` is its first process."""
    with _processor_time(server) as spent:
        run = _wrk if shutil.which("wrk") else _own_client
        rate, p99, requests, failed = run(url, ask, connections, seconds)
    return Load(rate, p99, failed, spent[0] / requests if spent and requests else None)


def _wrk(url: str, ask: Ask, connections: int, seconds: float) -> tuple[float, float, int, int]:
    with tempfile.TemporaryDirectory() as folder:
        body, script = Path(folder, "body"), Path(folder, "ask.lua")
        body.write_bytes(ask.body)
        headers = ", ".join(f'["{name}"] = "{value}"' for name, value in ask.headers.items())
        paths = ", ".join(f'"{path}"' for path in ask.paths)
        head = f'local BODY, HEADERS, PATHS = "{body}", {{{headers}}}, {{{paths}}}\n'
        script.write_text(head + SCRIPT)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}", "--timeout", "30", "--latency"]
        said = subprocess.run([*command, "-s", str(script), url], capture_output=True, text=True, check=True).stdout
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
    rate, requests = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    cut = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    if not p99 or not rate or not requests:
        raise RuntimeError(said)
    wrong = int(failed[1] if failed else 0) + sum(map(int, cut.groups() if cut else ()))
    return float(rate[1]), float(p99[1]) * UNITS[p99[2]], int(requests[1]), wrong


def _own_client(url: str, ask: Ask, connections: int, seconds: float) -> tuple[float, float, int, int]:
    at, times, wrong = urlsplit(url), list[float](), list[int]()
    until = time.perf_counter() + seconds

    def keep_asking(turn: int) -> None:
        connection = http.client.HTTPConnection(str(at.hostname), at.port, timeout=30)
        while (begun := time.perf_counter()) < until:
            turn += 1
            connection.request("POST", ask.paths[turn % len(ask.paths)], ask.body, dict(ask.headers))
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - begun)
            if answer.status != 200:
                wrong.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=keep_asking, args=(turn,)) for turn in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / seconds, quantiles(times, n=100)[-1], len(times), len(wrong)


@contextmanager
def _processor_time(server: int) -> Iterator[list[float]]:
    """Yield a list that gets the processor time of the server's processes at the end, on Linux."""
    spent: list[float] = []
    before = _spent(server)
    yield spent
    after = _spent(server)
    if before is not None and after is not None:
        spent.append(after - before)


def _spent(process: int) -> float | None:
    tasks = Path(f"/proc/{process}/task")
    if not tasks.exists():
        return None
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = [int(child) for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(_spent(child) or 0.0 for child in children)
