"""The supervisor restarts a dead process with growing delays, and gives up on one that cannot run."""

import time
from pathlib import Path

import psutil
import pytest

from ebb.errors import ServiceStartError
from ebb.restarts import Restarts
from ebb.supervisor import Service, free_port
from store.settings import read_settings
from tests.e2e.running import environment, wait_for


def _worker() -> list[psutil.Process]:
    return [process for process in psutil.Process().children() if process.cmdline()[-1:] == ["worker"]]


def _kill_whatever_it_starts(service: Service, told: list[str]) -> None:
    while True:
        wait_for(_worker, "a worker", seconds=30)
        for process in _worker():
            process.kill()
            process.wait()
        while not _worker():
            told += service.restart_dead()
            time.sleep(0.02)


def test_a_process_that_keeps_dying_is_given_up_with_the_end_of_its_log(tmp_path: Path) -> None:
    settings = read_settings(environment(tmp_path, EBB_PORT=free_port()))
    restarts = Restarts(first_seconds=0.2, most=3)
    told: list[str] = []
    with Service(settings, restarts) as service, pytest.raises(ServiceStartError) as given_up:
        _kill_whatever_it_starts(service, told)
    assert [line.split(";")[0] for line in told] == [
        "the worker process died, and restarts in 0.2 s",
        "the worker process was restarted",
        "the worker process died, and restarts in 0.4 s",
        "the worker process was restarted",
    ]
    assert "the worker process died 3 times in a row, each time within 60 s of its start" in str(given_up.value)
    assert not _worker()
