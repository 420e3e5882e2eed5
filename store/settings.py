"""The settings: all environment variables of Ebb, parsed once; every problem is reported.

This is the only place that reads the environment. docs/settings.md lists what VARIABLES lists.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

from model.machine import CORES, memory_bytes
from store.errors import SettingsError
from store.job_states import KINDS
from store.passwords import read_password, with_password, without_password

CLIENT = ("url", "key")  # read by commands that call a service; the service itself does not use them
SECRET = ("database_url", "redis_url", "key")  # may hold passwords, so no message repeats them
PASSWORDS = {"database_url": "database_password_file", "redis_url": "redis_password_file"}
LEAST_TRAINING_BYTES = 2**28
LEAST_INSPECTION_BYTES = 2**28
MISSED_HEARTBEATS = 3  # a worker that missed so many is not alive
LEAST_LEASE_SECONDS = 3.0  # on a busy machine a healthy process may be late by this much


def _default_concurrency() -> int:
    """Return how many web processes or jobs run at once: one a core, or fewer where memory is short."""
    return max(1, min(CORES, memory_bytes() * 8 // 10 // LEAST_TRAINING_BYTES))


@dataclass(frozen=True)
class Settings:
    """The settings of a process.

    Units: `*_seconds` in seconds, `*_bytes` in bytes.
    """

    home: Path = Path("var")
    database_url: str = field(default="", repr=False)  # these may hold passwords
    database_password_file: Path | None = None
    redis_url: str = field(default="", repr=False)
    redis_password_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    web_processes: int = field(default_factory=_default_concurrency)
    web_threads: int = 16
    request_wait_seconds: float = 2.0
    answer_seconds: float = 60.0
    proxies: int = 0
    worker_concurrency: int = field(default_factory=_default_concurrency)
    worker_queues: tuple[str, ...] = KINDS
    lease_seconds: float = 30.0
    heartbeat_seconds: float = 5.0
    republish_seconds: float = 60.0
    strike_limit: int = 3
    queue_limit: int = 1000
    deadline_seconds: float = 0.0
    requests_per_minute: int = 0
    pages_read_only: bool = False
    upload_bytes: int = 2 * 1024**3
    free_bytes: int = 1024**3
    stored_bytes: int = 0
    dataset_days: float = 0.0
    result_days: float = 0.0
    version_days: float = 0.0
    webhook_hosts: tuple[str, ...] = ()
    webhook_retry_seconds: float = 5.0
    inspection_bytes: int = 1024**3
    inspection_seconds: int = 240
    training_bytes: int = field(default_factory=lambda: _default_training_bytes(_default_concurrency()))
    training_cpu_seconds: int = 24 * 3600
    training_file_bytes: int = 16 * 1024**3
    log_level: str = "INFO"
    url: str = ""
    key: str = field(default="", repr=False)

    @property
    def alive_seconds(self) -> float:
        """The time after its last heartbeat within which a worker counts as alive."""
        return MISSED_HEARTBEATS * self.heartbeat_seconds

    @property
    def artifacts(self) -> Path:
        """The folder that holds uploaded bytes by their digest."""
        return self.home / "artifacts"

    def environ(self) -> dict[str, str]:
        """Return the environment that gives a child process the same settings.

        The client's settings are blanked, because a child calls no service. A password from a file is not copied: the
        child reads the file.
        """
        values = {name: _text(getattr(self, name)) for name, _ in VARIABLES.values()} | dict.fromkeys(CLIENT, "")
        for url, file in PASSWORDS.items():
            if values[file]:
                values[url] = without_password(values[url])
        return {variable: values[name] for variable, (name, _) in VARIABLES.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _path(text: str) -> Path:
    return Path(text).expanduser().resolve()


def _database_url(text: str) -> str:
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - a client has settings, too, and no SQLAlchemy
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError quotes the port, which may be part of a password
        raise ValueError("not a database URL; use postgresql://user:password@host/name") from None
    if url.get_backend_name() not in ("postgresql", "sqlite"):
        raise ValueError(f"'{url.get_backend_name()}' is not supported; use postgresql:// or sqlite:///")
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        raise ValueError("a database in memory is not shared by the processes; use sqlite:////path/to/file.db")
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "redis+socket://", "unix://")):
        raise ValueError("use redis://host:6379/0, rediss://… or unix:///path/to/socket")
    return text.replace("unix://", "redis+socket://", 1)


def _number(low: float, high: float, whole: bool) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            raise ValueError(f"not a {'whole ' if whole else ''}number") from None
        if not low <= value <= high:
            raise ValueError(f"must lie between {low:g} and {high:g}")
        return value

    return parse


def _queues(text: str) -> tuple[str, ...]:
    named = {part.strip() for part in text.split(",")}
    if not named <= set(KINDS):
        raise ValueError(f"use one or several of {', '.join(KINDS)}, with commas between them")
    return tuple(kind for kind in KINDS if kind in named)


def _hosts(text: str) -> tuple[str, ...]:
    return tuple(host for part in text.split(",") if (host := part.strip().lower()))


def _switch(text: str) -> bool:
    if text.lower() not in ("1", "true", "0", "false"):
        raise ValueError("use 1 or 0")
    return text.lower() in ("1", "true")


def _log_level(text: str) -> str:
    if text.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("use DEBUG, INFO, WARNING or ERROR")
    return text.upper()


# environment variable -> (setting, parser); a parser raises ValueError, which says what to write instead
VARIABLES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "EBB_HOME": ("home", _path),
    "DATABASE_URL": ("database_url", _database_url),
    "DATABASE_PASSWORD_FILE": ("database_password_file", _path),
    "REDIS_URL": ("redis_url", _redis_url),
    "REDIS_PASSWORD_FILE": ("redis_password_file", _path),
    "EBB_HOST": ("host", str),
    "EBB_PORT": ("port", _number(0, 65535, whole=True)),
    "EBB_WEB_PROCESSES": ("web_processes", _number(1, 256, whole=True)),
    "EBB_WEB_THREADS": ("web_threads", _number(4, 256, whole=True)),
    "EBB_REQUEST_WAIT_SECONDS": ("request_wait_seconds", _number(0, 3600, whole=False)),
    "EBB_ANSWER_SECONDS": ("answer_seconds", _number(1, 3600, whole=False)),
    "EBB_PROXIES": ("proxies", _number(0, 10, whole=True)),
    "EBB_WORKER_CONCURRENCY": ("worker_concurrency", _number(1, 256, whole=True)),
    "EBB_WORKER_QUEUES": ("worker_queues", _queues),
    "EBB_LEASE_SECONDS": ("lease_seconds", _number(LEAST_LEASE_SECONDS, 3600, whole=False)),
    "EBB_HEARTBEAT_SECONDS": ("heartbeat_seconds", _number(0.1, 600, whole=False)),
    "EBB_REPUBLISH_SECONDS": ("republish_seconds", _number(1, 3600, whole=False)),
    "EBB_STRIKE_LIMIT": ("strike_limit", _number(1, 100, whole=True)),
    "EBB_QUEUE_LIMIT": ("queue_limit", _number(1, 10**6, whole=True)),
    "EBB_DEADLINE_SECONDS": ("deadline_seconds", _number(0, 10**8, whole=False)),
    "EBB_REQUESTS_PER_MINUTE": ("requests_per_minute", _number(0, 1_000_000, whole=True)),
    "EBB_PAGES_READ_ONLY": ("pages_read_only", _switch),
    "EBB_UPLOAD_BYTES": ("upload_bytes", _number(1024, 2**50, whole=True)),
    "EBB_FREE_BYTES": ("free_bytes", _number(0, 2**60, whole=True)),
    "EBB_STORED_BYTES": ("stored_bytes", _number(0, 2**60, whole=True)),
    "EBB_DATASET_DAYS": ("dataset_days", _number(0, 36_500, whole=False)),
    "EBB_RESULT_DAYS": ("result_days", _number(0, 36_500, whole=False)),
    "EBB_VERSION_DAYS": ("version_days", _number(0, 36_500, whole=False)),
    "EBB_WEBHOOK_HOSTS": ("webhook_hosts", _hosts),
    "EBB_WEBHOOK_RETRY_SECONDS": ("webhook_retry_seconds", _number(0.1, 3600, whole=False)),
    "EBB_INSPECTION_BYTES": ("inspection_bytes", _number(LEAST_INSPECTION_BYTES, 2**50, whole=True)),
    "EBB_INSPECTION_SECONDS": ("inspection_seconds", _number(1, 10**6, whole=True)),
    "EBB_TRAINING_BYTES": ("training_bytes", _number(LEAST_TRAINING_BYTES, 2**50, whole=True)),
    "EBB_TRAINING_CPU_SECONDS": ("training_cpu_seconds", _number(1, 10**8, whole=True)),
    "EBB_TRAINING_FILE_BYTES": ("training_file_bytes", _number(2**20, 2**60, whole=True)),
    "EBB_LOG_LEVEL": ("log_level", _log_level),
    "EBB_URL": ("url", str),
    "EBB_KEY": ("key", str),
}


def read_settings(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Parse the environment; `overrides` (from the command line) win over it, and empty values count as unset.

    Raises: SettingsError with every problem, each naming its variable and what to write instead.
    """
    environ = os.environ if environ is None else environ
    problems, values = [], {}
    for variable, (name, parse) in VARIABLES.items():
        text = str(overrides[name]) if overrides.get(name) is not None else environ.get(variable, "")
        if not text.strip():
            continue
        try:
            values[name] = parse(text.strip())
        except ValueError as problem:
            shown = variable if name in SECRET else f"{variable}={text!r}"
            problems.append(f"{shown}: {problem}")
    unknown = sorted(k for k in environ if k.startswith("EBB_") and k not in VARIABLES)
    problems += [f"{k} is not a setting; known: {', '.join(VARIABLES)}" for k in unknown]
    problems += _add_passwords(values)
    settings = _complete(values)
    if settings.heartbeat_seconds * 3 > settings.lease_seconds:
        problems.append("EBB_LEASE_SECONDS must be at least three times EBB_HEARTBEAT_SECONDS")
    if problems:
        raise SettingsError(problems)
    return settings


def _add_passwords(values: dict[str, Any]) -> list[str]:
    """Put the passwords from files into their URLs; return the problems."""
    variables = {name: variable for variable, (name, _) in VARIABLES.items()}
    problems = []
    for url, file in PASSWORDS.items():
        if file not in values:
            continue
        try:
            password = read_password(values[file])
            if values.get(url, "sqlite").startswith("sqlite"):
                raise ValueError(f"set {variables[url]}, too, to a server that asks for the password")
            values[url] = with_password(values[url], password)
        except ValueError as problem:
            problems.append(f"{variables[file]}: {problem}")
    return problems


def _complete(values: dict[str, Any]) -> Settings:
    home = values.setdefault("home", _path("var"))
    values.setdefault("database_url", f"sqlite:///{quote(str(home / 'ebb.db'), safe=' +/')}")
    concurrency = values.setdefault("worker_concurrency", _default_concurrency())
    values.setdefault("training_bytes", _default_training_bytes(concurrency))
    assert values.keys() <= {one.name for one in fields(Settings)}  # noqa: S101 - VARIABLES against Settings
    return Settings(**values)


def _default_training_bytes(concurrency: int) -> int:
    """Return the memory limit of each job that runs at once: together they get four fifths of the memory."""
    return max(memory_bytes() * 8 // 10 // concurrency, LEAST_TRAINING_BYTES)
