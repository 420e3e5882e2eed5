"""Every process scores by a moved alias within a second, also while processes are killed and restarted."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import httpx
import psutil
import pytest

from model.calibration import Line
from model.estimator import Estimator
from store.settings import Settings
from tests.app.running import PATIENCE, Running, served

SCORE = "/v1/models/churn/score"
ALIAS = "/v1/models/churn/aliases/champion"
PROCESSES, CLIENTS, MOVES, KILLS = 4, 8, 100, 2
FRESH_SECONDS = 1.0


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough: the half second is counted in the process."""
    return sqlite_file


@pytest.fixture
def running(settings: Settings) -> Iterator[Running]:
    with served(replace(settings, port=0, web_processes=PROCESSES)) as server:
        yield server


@dataclass(frozen=True)
class Answer:
    """When a request began, and what scored it."""

    begun: float
    version: int
    probability: float


class Client(threading.Thread):
    """Asks for the same score again and again."""

    def __init__(self, url: str, record: dict[str, object], over: threading.Event) -> None:
        super().__init__()
        self._url, self._record, self._over = url, record, over
        self.answers: list[Answer] = []
        self.cut = 0
        self.strange: list[str] = []

    def run(self) -> None:
        while not self._over.is_set():
            with httpx.Client(base_url=self._url, trust_env=False, timeout=PATIENCE) as client:
                try:
                    while not self._over.is_set():
                        self._ask(client)
                except httpx.TransportError:  # its process was killed
                    self.cut += 1

    def _ask(self, client: httpx.Client) -> None:
        begun = time.monotonic()
        answer = client.post(SCORE, json={"records": [self._record]})
        if answer.status_code != 200:
            self.strange.append(f"{answer.status_code} {answer.text}")
            return
        told = answer.json()
        if answer.headers["ETag"] != f'"{told["version"]}"':
            self.strange.append(f"ETag {answer.headers['ETag']} of version {told['version']}")
        self.answers.append(Answer(begun, told["version"], told["scores"][0]["churn_probability"]))


def kill_one(running: Running) -> None:
    random.choice(psutil.Process(running.process.pid).children()).kill()


def move_on(running: Running, moves: int, kills: int) -> list[float]:
    """Move the alias from version 1 to 2, 3, …; return when the answers were there, from version 1's on."""
    answered = [time.monotonic()]
    with httpx.Client(base_url=running.url, trust_env=False, timeout=PATIENCE) as client:
        for revision in range(1, moves + 1):
            if revision % (moves // (kills + 1)) == 0:
                kill_one(running)
            while True:
                try:
                    headers = {"If-Match": f'"{revision}"'}
                    answer = client.put(ALIAS, json={"version": revision + 1}, headers=headers)
                    break
                except httpx.TransportError:  # killed before it answered: it may have moved or not
                    if client.get(ALIAS).json()["revision"] == revision + 1:
                        answer = httpx.Response(200)
                        break
            assert answer.status_code == 200, answer.text
            answered.append(time.monotonic())
            time.sleep(0.02)
    return answered


def test_no_request_is_scored_by_a_version_that_was_replaced_a_second_before_it_began(
    running: Running,
    add_version: Callable[..., int],
    estimator: Estimator,
    record: dict[str, object],
) -> None:
    columns = {name: [value] for name, value in record.items()}
    expected = {}
    for number in range(1, MOVES + 2):
        own = replace(estimator, head=replace(estimator.head, calibration=Line(shift=number / 100)))
        assert add_version("churn", own) == number
        expected[number] = float(own.predict(columns, 1)[0])
    first = httpx.put(running.url + ALIAS, json={"version": 1}, headers={"If-None-Match": "*"}, trust_env=False)
    assert first.status_code == 201, first.text

    over = threading.Event()
    clients = [Client(running.url, record, over) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        answered = move_on(running, MOVES, KILLS)
        time.sleep(FRESH_SECONDS)
    finally:
        over.set()
        for client in clients:
            client.join()

    assert [text for client in clients for text in client.strange] == []
    answers = [answer for client in clients for answer in client.answers]
    late = [
        answer
        for answer in answers
        if answer.version < sum(moment <= answer.begun - FRESH_SECONDS for moment in answered)
    ]
    assert late == []
    assert all(answer.probability == expected[answer.version] for answer in answers)
    assert len({answer.version for answer in answers}) > MOVES / 10, "the clients saw the alias move"
    assert sum(client.cut for client in clients) > 0, "processes were killed under the clients"
