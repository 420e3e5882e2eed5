"""The web server: gunicorn with threads, one application a process; gunicorn reads no other configuration."""

import gc
import logging
import resource
import shutil
import signal
import socket
import struct
from collections.abc import Mapping
from shlex import quote
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from app.access.host_check import is_loopback
from app.edge import logs
from app.errors import StartError
from app.metrics.folder import make_folder
from app.server.public_listener import BACKLOG, PublicListener
from store.artifacts import ArtifactStore
from store.child_processes import ONE_BLAS_THREAD, signal_at_parents_death
from store.database import Database, open_database
from store.keys import any_key
from store.migrate import is_current
from store.process_limits import keep_freed_memory, leave_out_pandas
from store.settings import Settings

log = logging.getLogger(__name__)

GRACE_SECONDS = 20
KEEPALIVE_SECONDS = 75  # longer than a proxy's keepalive, so that it never sends into a closing connection
CLIENT_SECONDS = 10  # a client that sends or reads nothing for so long is disconnected
MOST_CONNECTIONS = 1000
OTHER_FILES = 100  # open files of a process beside its connections
DATABASE_CONNECTIONS = 8  # a process opens more only for a moment, however many threads it has


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Serves the application on a listening socket."""

    def __init__(self, settings: Settings, listener: socket.socket, broker: str) -> None:
        self._settings = settings
        self._url = _url(listener)
        self._broker = broker
        # This needs a fixed port, because a socket that listens again gets another one otherwise.
        self._public_listener = PublicListener(listener if settings.proxies and settings.port else None)
        self._public_listener.refuse()
        self._listener = listener.detach()  # gunicorn duplicates it, then closes it
        self._counts = make_folder()
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn's options, without files, variables or arguments."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> Mapping[str, object]:
        return {
            "bind": f"fd://{self._listener}",
            "worker_class": "gthread",
            "worker_connections": _connections() + self._settings.web_threads,
            "keepalive": KEEPALIVE_SECONDS,
            "workers": self._settings.web_processes,
            "threads": self._settings.web_threads,
            # EBB_PROXIES alone sets the trusted proxies: gunicorn trusts no header, and compares no addresses.
            "forwarded_allow_ips": "*",
            "secure_scheme_headers": {},
            "forwarder_headers": "",
            "backlog": BACKLOG,
            "preload_app": False,  # numpy, its threads and database connections must not be forked
            "control_socket_disable": True,
            "graceful_timeout": GRACE_SECONDS,
            "raw_env": [f"{name}={value}" for name, value in self._environ().items()],
            # deploy/nginx.conf lets lines of 8,000 bytes through, and joins the lines of a header to 32,000.
            "limit_request_line": 8190,  # the most gunicorn allows; a page token may be long
            "limit_request_field_size": 33_000,
            "loglevel": "warning",
            "on_starting": _adopt_log,
            "pre_fork": lambda _, worker: self._public_listener.add(worker.age),
            # A process that outlived gunicorn's main one would hold the port, and the next server could not start.
            "post_fork": lambda _, worker: signal_at_parents_death(worker.ppid, signal.SIGKILL),
            "post_worker_init": self._start_process,
            "worker_exit": lambda _, worker: _stop_publisher(worker.wsgi),
            "child_exit": lambda _, worker: self._forget(worker),
            "on_exit": lambda _: shutil.rmtree(self._counts, ignore_errors=True),
            "when_ready": lambda _: self._announce(),
        }

    def _announce(self) -> None:
        self._public_listener.refuse()  # gunicorn has begun to listen before its processes run
        # gunicorn would replace all processes at once, to no purpose: settings are read at the start only.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        log.info("answering at %s", self._url)

    def _start_process(self, worker: Any) -> None:
        """End streams with their process, and the process after a late answer.

        Loaded objects live as long as the process, so garbage collection is told to skip them.
        """
        services = worker.wsgi.extensions["ebb"]
        services.streams.end_with(lambda: worker.alive)
        keep_freed_memory()
        leave_out_pandas()
        services.deadline.watch()
        gc.collect()
        gc.freeze()
        self._public_listener.listen(worker.age)

    def _forget(self, worker: Any) -> None:
        self._public_listener.remove(worker.age)
        _forget(worker.pid)

    def _environ(self) -> Mapping[str, str]:
        return {**ONE_BLAS_THREAD, "PROMETHEUS_MULTIPROC_DIR": str(self._counts)}

    def load(self) -> Flask:
        """Make the application in a process of gunicorn."""
        from app.limits.rate_limiter import RateLimiter  # noqa: PLC0415 - connections must not be forked
        from app.server.factory import create_app  # noqa: PLC0415 - brings numpy, which must not be forked
        from store.doorbell import CeleryDoorbell  # noqa: PLC0415 - only these processes ring the doorbell

        database = open_database(self._settings.database_url, pool_size=DATABASE_CONNECTIONS)
        return create_app(self._settings, database, CeleryDoorbell(self._broker), RateLimiter(self._broker))


def _adopt_log(_: object) -> None:
    logs.adopt(logging.getLogger("gunicorn.error"))


def _forget(pid: int) -> None:
    from app.metrics.exposition import forget  # noqa: PLC0415 - looks for the folder of counts when imported

    forget(pid)


def _connections() -> int:
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if allowed < 0 else max(10, min(MOST_CONNECTIONS, allowed - OTHER_FILES))


def _stop_publisher(app: Flask | None) -> None:
    """Publish the queued jobs of a process that ends."""
    if app is not None:
        app.extensions["ebb"].publisher.stop()


def check_start(settings: Settings) -> None:
    """Refuse to start with tables of another release, or for other machines while no key exists.

    Raises: StartError; StoreError when the database cannot be opened.
    """
    database = open_database(settings.database_url)
    try:
        if not is_current(database):
            raise StartError("the database's tables are not of this release; run `ebb migrate`")
        if not is_loopback(settings.host) and not _any_key(database):
            raise StartError(
                f"{settings.host} can be reached from other machines, and no API key exists: "
                f"make one with `EBB_HOME={quote(str(settings.home))} ebb keys create --name NAME --scope admin`, "
                "or listen at 127.0.0.1"
            )
    finally:
        database.close()


def sweep(settings: Settings) -> None:
    """Remove the temporary files of uploads to a killed server."""
    swept = ArtifactStore(settings.artifacts).sweep()
    if swept:
        log.info("removed %d incomplete uploads that are more than a day old", swept)


def listen(settings: Settings) -> socket.socket:
    """Return a socket bound to the address of the settings; its connections time out if a client stalls.

    Raises: StartError.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # On Linux accepted connections inherit these timeouts; gunicorn would wait without limit.
    timeout = struct.pack("@ll", CLIENT_SECONDS, 0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen()  # now, so that no other process binds the same port
    except OSError as error:
        listener.close()
        raise StartError(
            f"cannot listen at {settings.host} port {settings.port}: {error.strerror}; choose another with EBB_PORT"
        ) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _any_key(database: Database) -> bool:
    with database.read() as connection:
        return any_key(connection)
