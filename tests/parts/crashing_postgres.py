"""A PostgreSQL that can crash, stay down and start again, with durable commits."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy.engine import URL

from tests.parts.postgres import SETTINGS, Postgres, initialise, spawn, wait_until_ready
from tests.parts.postgres_programs import program_folder, reachable
from tests.parts.unprivileged import private_folder, server_account

# A COMMIT is written to the kernel: the server may crash, the machine does not.
KEEPING = {**SETTINGS, "synchronous_commit": "on"}


@dataclass
class CrashingPostgres:
    """One server, up or down."""

    folder: Path
    programs: Path
    identity: dict[str, Any]
    log: IO[bytes]
    crashes: int = 0
    server: Postgres = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        (self.folder / "crashed").unlink(missing_ok=True)
        url = URL.create("postgresql+psycopg", "ebb", database="postgres", query={"host": str(self.folder)})
        self.server = Postgres(url, spawn(self.programs, self.folder, self.identity, self.log, KEEPING))
        wait_until_ready(self.server, self.log)

    def crash(self) -> None:
        """Stop it like `pg_ctl stop -m immediate`: without a shutdown, so that the next start recovers."""
        (self.folder / "crashed").touch()
        shell = self.server.process
        assert shell is not None
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        shell.wait(timeout=30)
        assert shell.stdin is not None
        shell.stdin.close()
        self.crashes += 1


@contextmanager
def crashing_postgres() -> Iterator[CrashingPostgres]:
    """Run one until the end of the block. It never crashes the server of TEST_DATABASE_URL."""
    account = server_account()
    folder = private_folder(account)
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": ()}
    with tempfile.TemporaryFile() as log:
        try:
            programs = reachable(program_folder(), account, folder)
            initialise(programs, folder, identity)
            postgres = CrashingPostgres(folder, programs, identity, log)
            try:
                yield postgres
            finally:
                postgres.server.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
