"""`ebb up`: all processes start and end together, and errors at the start have a reason."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.e2e.running import EBB, ebb_up, environment, wait_for


def _up(home: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EBB, "up", *arguments],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_killing_the_supervisor_ends_every_process(tmp_path: Path) -> None:
    with ebb_up(tmp_path) as service:
        family = service.family()
        assert {"worker", "app"} <= {part for process in family for part in process.cmdline()}
        service.process.kill()
        _, alive = psutil.wait_procs(family, timeout=20)
        assert not alive


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    with ebb_up(tmp_path) as service:
        [worker] = service.processes("worker")
        worker.kill()
        wait_for(lambda: any(p.pid != worker.pid for p in service.processes("worker")), "a new worker")


def test_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        done = _up(tmp_path, "--port", str(port))
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_second_service_in_one_folder_is_refused(tmp_path: Path) -> None:
    with ebb_up(tmp_path):
        done = _up(tmp_path, "--port", "0")
    assert done.returncode == 1
    assert "runs in" in done.stderr
    assert "Traceback" not in done.stderr


def test_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = _up(blocked / "home")
    assert done.returncode == 1
    assert str(blocked / "home") in done.stderr
    assert "--home" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_invalid_settings_are_reported_together(tmp_path: Path) -> None:
    done = _up(tmp_path, EBB_STRIKE_LIMIT="many", DATABASE_URL="mysql://x/y", EBB_COLOUR="blue")
    assert done.returncode == 1
    for named in ("EBB_STRIKE_LIMIT", "DATABASE_URL", "EBB_COLOUR"):
        assert named in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_exit_code_0(tmp_path: Path, number: signal.Signals) -> None:
    with ebb_up(tmp_path) as service:
        os.kill(service.process.pid, number)
        assert service.process.wait(timeout=60) == 0
