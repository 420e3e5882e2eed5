"""A PostgreSQL for the tests: that of TEST_DATABASE_URL, or a private one that ends with them."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from tests.parts.postgres_programs import program_folder, reachable
from tests.parts.unprivileged import private_folder, server_account

START_SECONDS = 30.0
SERVICE_PASSWORD = "needed-at-TEST_DATABASE_URL-only"
SETTINGS = {
    "listen_addresses": "",  # reachable only by the socket in its private folder
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "timezone": "Asia/Kathmandu",  # an unusual time zone: times must not depend on it
}
# The shell is the server's parent and watches a pipe that only the test run holds. When the run ends, however it
# ends, the pipe closes, and the shell stops the server (SIGINT: SIGTERM would wait for open connections) and
# removes its folder, unless somebody let it crash to start it again.
WATCH = """
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -INT $server; } &
wait $server
[ -e "$folder/crashed" ] || rm -rf "$folder"
"""


@dataclass(frozen=True)
class Postgres:
    """A server to create databases on. `process` is None for the server of TEST_DATABASE_URL."""

    url: URL
    process: subprocess.Popen[bytes] | None = None
    service: str = field(default_factory=lambda: f"ebb_test_{uuid4().hex[:12]}")

    def as_service(self, url: str) -> str:
        """Return the URL of a database for the role of the service."""
        return make_url(url).set(username=self.service, password=SERVICE_PASSWORD).render_as_string(hide_password=False)

    def create_database(self, template: str | None = None) -> str:
        """Make a database, as a copy of another if a template is named, and return its URL."""
        name = f"ebb_test_{uuid4().hex[:12]}"
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            copied = sql.Identifier(make_url(template).database or "")
            statement = sql.SQL("{} TEMPLATE {}").format(statement, copied)
        self._run(statement)
        return self.url.set(database=name).render_as_string(hide_password=False)

    def as_owner(self, url: str) -> str:
        """Return the URL of a database for its owner."""
        return self.url.set(database=make_url(url).database).render_as_string(hide_password=False)

    def drop_database(self, url: str) -> None:
        """Drop a database, even with open connections."""
        name = sql.Identifier(make_url(url).database or "")
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def drop_role(self, name: str) -> None:
        """Drop a role that no database uses."""
        self._run(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))

    def stop(self) -> None:
        """Stop a private server, and wait until it and its folder are gone."""
        if self.process is not None:
            _close(self.process)

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(_for_psycopg(self.url), autocommit=True) as connection:
            connection.execute(statement)


def start_postgres() -> Postgres:
    """Return a server that is ready.

    Raises: RuntimeError with the end of the server's log, if it does not start.
    """
    if address := os.environ.get("TEST_DATABASE_URL"):
        return Postgres(make_url(address).set(drivername="postgresql+psycopg"))
    account = server_account()
    folder = private_folder(account)
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": ()}
    try:
        programs = reachable(program_folder(), account, folder)
        initialise(programs, folder, identity)
    except Exception:
        shutil.rmtree(folder)
        raise
    url = URL.create("postgresql+psycopg", "ebb", database="postgres", query={"host": str(folder)})
    with tempfile.TemporaryFile() as log:  # unnamed, so that no file is left
        server = Postgres(url, spawn(programs, folder, identity, log))
        wait_until_ready(server, log)
    return server


def initialise(programs: Path, folder: Path, identity: dict[str, Any]) -> None:
    """Create the files of an empty server."""
    command: list[str | Path] = [programs / "initdb", "--pgdata", folder / "data", "--username", "ebb"]
    command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **identity)
    if result.returncode != 0:
        raise RuntimeError(f"initdb failed: {result.stdout}{result.stderr}")


def spawn(
    programs: Path, folder: Path, identity: dict[str, Any], log: IO[bytes], settings: Mapping[str, str] = SETTINGS
) -> subprocess.Popen[bytes]:
    """Start a server as a child of the shell that stops it."""
    server: list[str | Path] = [programs / "postgres", "-D", folder / "data", "-k", folder]
    for name, value in settings.items():
        server += ["-c", f"{name}={value}"]
    command = ["/bin/sh", "-c", WATCH, "sh", folder, *server]
    return subprocess.Popen(
        command, cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **identity
    )


def wait_until_ready(server: Postgres, log: IO[bytes]) -> None:
    """Return when the server answers.

    Raises: RuntimeError, with the end of its log.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(_for_psycopg(server.url)).close()
            return
        except psycopg.OperationalError as problem:
            assert server.process is not None
            if server.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            _close(server.process)
            log.seek(0)
            said = log.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"The tests' PostgreSQL did not start: {problem}\n{said}") from problem


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.wait(timeout=30)


def _for_psycopg(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
