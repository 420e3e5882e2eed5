"""A PostgreSQL with durable commits, from the programs of the tests."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pages import ROOT
from sqlalchemy.engine import URL

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "128MB"}


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server with a database; yield its address.

    Raises: ModuleNotFoundError when the programs are not installed.
    """
    sys.path.append(str(ROOT))
    from tests.parts.postgres import SETTINGS, Postgres, initialise, spawn, wait_until_ready  # noqa: PLC0415 - the path is added above
    from tests.parts.postgres_programs import program_folder, reachable  # noqa: PLC0415 - as above
    from tests.parts.unprivileged import private_folder, server_account  # noqa: PLC0415 - as above

    account = server_account()
    folder = private_folder(account)
    identity: dict[str, Any] = {}
    if account is not None:
        identity = {"user": account.uid, "group": account.gid, "extra_groups": ()}
    programs = reachable(program_folder(), account, folder)
    initialise(programs, folder, identity)
    url = URL.create("postgresql+psycopg", "ebb", database="postgres", query={"host": str(folder)})
    with tempfile.TemporaryFile() as log:
        server = Postgres(url, spawn(programs, folder, identity, log, {**SETTINGS, **DURABLE}))
        try:
            wait_until_ready(server, log)
            yield server.create_database()
        finally:
            server.stop()
