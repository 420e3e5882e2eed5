"""Connections are shared evenly by the processes, and handed to threads without waste."""

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

import httpx
import psutil
import pytest
from gunicorn.config import Config

from app.connections.connection import Connection
from app.connections.outgoing import ClientSocket
from app.connections.shares import AGAIN_SECONDS, Shares
from app.connections.threads import PATIENCE_SECONDS, Threads
from store.settings import Settings
from tests.app.running import PATIENCE, Running, served

ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
BURST = 16


@pytest.fixture
def server(tmp_path: Path, sqlite_file: str) -> Iterator[Running]:
    """Two processes that take connections."""
    with served(Settings(home=tmp_path, database_url=sqlite_file, port=0, web_processes=2)) as running:
        until = time.monotonic() + PATIENCE
        while not all(shares(running)):
            assert time.monotonic() < until, "one process takes all there are"
            time.sleep(0.1)
        yield running


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def processes(server: Running) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


def held(process: psutil.Process) -> int:
    return sum(connection.status == psutil.CONN_ESTABLISHED for connection in process.net_connections("tcp"))


def shares(server: Running, number: int = BURST) -> list[int]:
    """Open connections, have each answered, and count how many each process holds."""
    at = httpx.URL(server.url)
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection((at.host, at.port), timeout=PATIENCE)) for _ in range(number)
        ]
        for connection in opened:
            connection.sendall(ASK)
        for connection in opened:
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        return [held(process) for process in processes(server)]


def test_bursts_of_connections_are_shared_by_the_processes(server: Running) -> None:
    held = []
    for _ in range(7):
        held.append(min(shares(server, 64)))
        time.sleep(AGAIN_SECONDS)  # on a busy machine one may be passed over for so long
    assert sorted(held)[2] >= 28, held


def test_a_process_that_takes_none_of_what_is_left_to_it_is_not_asked_again_for_a_while() -> None:
    held = Shares()
    mine, hangs = held.of(1), held.of(2)
    hangs.tell(0)
    mine.tell(BURST)
    left = []
    for number in range(10):
        mine.tell(BURST + number)
        left.append(mine.stand_aside())
    assert left == [True] + [False] * 9
    hangs.tell(1)
    assert mine.stand_aside(), "it lives"


def test_nothing_is_left_to_a_process_that_is_gone() -> None:
    held = Shares()
    mine, gone = held.of(1), held.of(2)
    gone.tell(0)
    mine.tell(BURST)
    gone.leave()
    assert not mine.stand_aside()


def test_a_process_that_hangs_holds_no_connection_up(server: Running) -> None:
    hangs, _ = processes(server)
    hangs.suspend()
    try:
        assert shares(server)[1] == BURST
    finally:
        hangs.resume()


def test_the_place_of_a_process_that_was_killed_is_free(server: Running) -> None:
    before = set(processes(server))
    killed = next(iter(before))
    killed.send_signal(signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while not (set(processes(server)) - before):
        assert time.monotonic() < until, "no other is started"
        time.sleep(0.1)
    assert sum(shares(server)) >= BURST - 1  # one may wait for the process that has only begun


@pytest.fixture
def pair() -> Iterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    sock = ClientSocket(ours, 1.0)
    with theirs:
        theirs.settimeout(0.2)
        yield sock, theirs
    sock.release()


@pytest.mark.parametrize(
    ("line", "lasts"),
    [
        (b"GET /v1/jobs/1/events HTTP/1.1", True),
        (b"GET /v1/jobs/1/events?after=7 HTTP/1.1", True),
        (b"GET /v1/jobs/1/epochs?of=/events HTTP/1.1", False),
        (b"POST /v1/models/churn/score HTTP/1.1\r\nReferer: GET /events ", False),
        (b"", False),
    ],
)
def test_requests_for_streams_are_known_before_they_are_answered(
    pair: tuple[ClientSocket, socket.socket], line: bytes, lasts: bool
) -> None:
    connection = Connection(Config(), pair[0], ("", 0), ("", 0))
    connection.request = line + b"\r\nHost: localhost\r\n\r\n"
    assert connection.lasts is lasts


def test_the_head_of_an_answer_is_sent_with_its_body(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, theirs = pair
    ours.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(TimeoutError):
        theirs.recv(100)
    ours.sendall(b"body")
    assert theirs.recv(100) == b"HTTP/1.1 200 OK\r\n\r\nbody"


def test_a_socket_that_a_thread_closed_keeps_its_number_until_it_is_released(
    pair: tuple[ClientSocket, socket.socket],
) -> None:
    ours, theirs = pair
    ours.close()
    assert theirs.recv(100) == b""
    assert ours.fileno() >= 0
    ours.close()
    ours.release()
    assert ours.fileno() < 0


def test_a_head_without_a_body_is_sent_in_the_end(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, theirs = pair
    ours.sendall(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    ours.flush()
    assert theirs.recv(100) == b"HTTP/1.1 304 Not Modified\r\n\r\n"


def test_a_head_goes_before_a_file(pair: tuple[ClientSocket, socket.socket], tmp_path: Path) -> None:
    ours, theirs = pair
    (tmp_path / "file").write_bytes(b"bytes")
    ours.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with (tmp_path / "file").open("rb") as file:
        ours.sendfile(file)
    ours.close()
    assert theirs.makefile("rb").read() == b"HTTP/1.1 200 OK\r\n\r\nbytes"


def test_who_takes_no_answer_is_given_up_on(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, _ = pair
    ours.setblocking(False)  # as gunicorn may want it
    with pytest.raises(TimeoutError):
        ours.sendall(b" " * 10_000_000)


def test_who_takes_no_file_is_given_up_on(pair: tuple[ClientSocket, socket.socket], tmp_path: Path) -> None:
    ours, _ = pair
    (tmp_path / "file").write_bytes(b" " * 10_000_000)
    with (tmp_path / "file").open("rb") as file, pytest.raises(TimeoutError):
        ours.sendfile(file)


def test_who_takes_an_answer_in_drips_is_given_up_on(pair: tuple[ClientSocket, socket.socket]) -> None:
    ours, theirs = pair
    given_up = threading.Event()

    def drip() -> None:
        while not given_up.wait(0.1):
            theirs.recv(100_000)

    client = threading.Thread(target=drip)
    client.start()
    try:
        with pytest.raises(TimeoutError):
            ours.sendall(b" " * 100_000_000)
    finally:
        given_up.set()
        client.join()


def test_a_thread_that_is_busy_takes_up_the_next_too() -> None:
    by = SimpleQueue[int]()

    def do(n: int) -> None:
        time.sleep(n * PATIENCE_SECONDS / 10)
        by.put(threading.get_ident())

    threads = Threads(3, do)
    until = time.monotonic() + PATIENCE
    while threads.busy and time.monotonic() < until:
        time.sleep(0.01)
    threads.give(1)
    for _ in range(9):
        threads.give(0)
    assert len({by.get(timeout=PATIENCE) for _ in range(10)}) == 1
    threads.shutdown(wait=False)


def test_other_threads_do_what_a_busy_one_does_not_come_to() -> None:
    together, done = threading.Barrier(3), SimpleQueue[int]()

    def do(n: int) -> None:
        together.wait(PATIENCE)
        done.put(n)

    threads = Threads(3, do)
    for n in range(9):
        threads.give(n)
    until = time.monotonic() + PATIENCE
    while done.qsize() < 9 and time.monotonic() < until:
        time.sleep(min(threads.hurry(), PATIENCE_SECONDS))
    assert sorted(done.get(timeout=PATIENCE) for _ in range(9)) == list(range(9))
    threads.shutdown(wait=False)


def test_what_waits_while_every_thread_is_busy_may_be_taken_by_another() -> None:
    begun, end = threading.Semaphore(0), threading.Event()

    def do(_: int) -> None:
        begun.release()
        end.wait(PATIENCE)

    threads = Threads(1, do)
    while not threads.free:
        time.sleep(0.01)
    threads.give(1)
    assert begun.acquire(timeout=PATIENCE)
    threads.give(2)
    threads.give(3)
    assert [threads.take_left() for _ in range(3)] == [2, 3, None]
    end.set()
    threads.shutdown(wait=False)


def test_threads_end_when_what_waits_is_done() -> None:
    before, done = set(threading.enumerate()), SimpleQueue[int]()
    threads = Threads(2, done.put)
    started = set(threading.enumerate()) - before
    for n in range(5):
        threads.give(n)
    threads.shutdown(wait=False)
    for thread in started:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert done.qsize() == 5
