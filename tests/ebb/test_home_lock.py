"""The lock of a home folder: one service holds it, and a look-up does not disturb it."""

import threading
from pathlib import Path

import pytest

from ebb.errors import ServiceStartError
from ebb.home_lock import HomeLock, running_url


def test_the_holder_is_found_until_it_releases_the_lock(tmp_path: Path) -> None:
    assert running_url(tmp_path) is None
    with HomeLock.take(tmp_path, "http://here"):
        assert running_url(tmp_path) == "http://here"
    assert running_url(tmp_path) is None


def test_a_second_holder_is_refused(tmp_path: Path) -> None:
    with HomeLock.take(tmp_path, "http://here"), pytest.raises(ServiceStartError, match="runs in"):
        HomeLock.take(tmp_path, "http://there")
    HomeLock.take(tmp_path, "http://there").release()


def test_a_lookup_creates_no_folder(tmp_path: Path) -> None:
    assert running_url(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_a_lookup_does_not_prevent_a_start(tmp_path: Path) -> None:
    HomeLock.take(tmp_path, "http://here").release()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            running_url(tmp_path)

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(50):
            HomeLock.take(tmp_path, "http://here").release()
    finally:
        done.set()
        for looker in lookers:
            looker.join()


def test_a_killed_holder_differs_from_one_that_exited(tmp_path: Path) -> None:
    first = HomeLock.take(tmp_path, "http://here")
    assert first.orderly
    note = (tmp_path / "service.json").read_text()
    first.release()
    (tmp_path / "service.json").write_text(note)  # the remains of a kill
    assert running_url(tmp_path) is None
    second = HomeLock.take(tmp_path, "http://here")
    assert not second.orderly
    second.release()
