"""`ebb migrate`: bring the database to the tables of this release."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from store.database import Connection, Database, open_database
from store.errors import DatabaseError
from store.keys import any_key, create_key, find_caller, new_key
from store.migrate import upgrade
from store.settings import read_settings


@click.command()
@click.option(
    "--first-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Unless some API key exists, make one with every right and write it to this file.",
)
@click.option(
    "--metrics-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Unless this file holds a valid API key, write one to it that may read, for Prometheus.",
)
def migrate(first_key: Path | None, metrics_key: Path | None) -> None:
    """Bring the database to the tables of this release."""
    database = open_database(read_settings().database_url)
    upgrade(database)
    click.echo("the database is up to date")
    if first_key is not None:
        _write_key(database, first_key, "first", "admin", unless=any_key)
    if metrics_key is not None:
        _write_key(database, metrics_key, "prometheus", "read", unless=lambda known: _holds_key(known, metrics_key))
    database.close()


def _holds_key(connection: Connection, path: Path) -> bool:
    return path.is_file() and find_caller(connection, path.read_text().strip()) is not None


def _write_key(database: Database, path: Path, name: str, scope: str, *, unless: Callable[[Connection], bool]) -> None:
    made = new_key()

    def write(connection: Connection) -> bool:
        if unless(connection):
            return False
        # Written before COMMIT makes it valid: a key that nobody can read would lock everybody out.
        _write_private(path, create_key(connection, name, [scope], key=made, by="ebb migrate") + "\n")
        return True

    try:
        written = database.write(write)
    except OSError as error:
        raise DatabaseError(f"cannot write the {name} key to {path}: {error.strerror}") from error
    if written:
        click.echo(f"wrote the {name} API key to {path}")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
