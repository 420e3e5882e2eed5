"""The embedded broker: it starts quickly, survives a kill, ends with its parent, and yields to REDIS_URL."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from store.broker import SOCKET_PATH_LIMIT, Broker, broker_url, open_broker, socket_path
from store.errors import BrokerError
from store.settings import Settings, read_settings

PARENT = """
import sys, time
from store.broker import open_broker
from store.settings import read_settings
broker = open_broker(read_settings({"EBB_HOME": sys.argv[1]}))
print(broker.process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"EBB_HOME": str(tmp_path / "home")})


@pytest.fixture
def opened() -> Iterator[list[Broker]]:
    brokers: list[Broker] = []
    yield brokers
    for broker in brokers:
        broker.stop()


def _open(settings: Settings, opened: list[Broker]) -> redis.Redis:
    opened.append(open_broker(settings))
    return redis.Redis(unix_socket_path=str(socket_path(settings.home)))


def test_it_starts_at_once_and_listens_on_no_port(settings: Settings, opened: list[Broker]) -> None:
    begun = time.monotonic()
    with _open(settings, opened) as client:
        assert client.ping()
    assert time.monotonic() - begun < 3
    process = opened[0].process
    assert process is not None
    assert [c for c in psutil.Process(process.pid).net_connections() if c.status == psutil.CONN_LISTEN] == []
    assert (socket_path(settings.home).stat().st_mode & 0o077) == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_messages_survive_a_restart(settings: Settings, opened: list[Broker], how: signal.Signals) -> None:
    with _open(settings, opened) as client:
        client.rpush("queue", "a", "b")
        time.sleep(1.2)  # the append-only file is synced every second
    process = opened[0].process
    assert process is not None
    process.send_signal(how)
    process.wait(timeout=10)
    with _open(settings, opened) as client:
        assert client.lrange("queue", 0, -1) == [b"a", b"b"]


def test_it_ends_when_its_parent_is_killed_and_the_next_one_takes_over(
    settings: Settings, opened: list[Broker]
) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(settings.home)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    with _open(settings, opened) as client:
        assert client.ping()
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("name", ["x" * 120, "a b#c%20?d", "größer"])
def test_unusual_and_long_folders_are_accepted(tmp_path: Path, opened: list[Broker], name: str) -> None:
    settings = read_settings({"EBB_HOME": str(tmp_path / name)})
    with _open(settings, opened) as client:
        assert client.ping()
    assert len(bytes(socket_path(settings.home))) <= SOCKET_PATH_LIMIT


def test_redis_url_takes_precedence_and_starts_nothing(tmp_path: Path) -> None:
    settings = read_settings({"EBB_HOME": str(tmp_path / "home"), "REDIS_URL": "redis://elsewhere:6379/1"})
    broker = open_broker(settings)
    assert (broker.url, broker.process) == ("redis://elsewhere:6379/1", None)
    assert broker_url(settings) == broker.url
    assert not (tmp_path / "home").exists()
    broker.stop()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BrokerError, match=r"cannot start a broker below .*file"):
        open_broker(read_settings({"EBB_HOME": str(tmp_path / "file")}))


def test_a_server_that_does_not_start_names_its_log(settings: Settings) -> None:
    damaged = settings.home / "broker" / "appendonlydir" / "appendonly.aof.manifest"
    damaged.parent.mkdir(parents=True)
    damaged.write_text("not a manifest\n")
    with pytest.raises(BrokerError, match=r"did not start; the end of .*broker\.log says why"):
        open_broker(settings)


def test_a_temporary_folder_too_deep_for_a_socket_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("y" * 100)
    deep.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with pytest.raises(BrokerError, match="set TMPDIR to a shorter folder"):
        socket_path(tmp_path / ("x" * 120))


def test_stopping_twice_is_harmless(settings: Settings) -> None:
    broker = open_broker(settings)
    broker.stop()
    broker.stop()
    assert broker.process is not None
    assert broker.process.returncode == 0
