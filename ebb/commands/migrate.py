"""`ebb migrate`: bring the database to the tables of this release."""

import os
from pathlib import Path

import click

from store.database import Database, open_database
from store.errors import DatabaseError
from store.keys import any_key, create_key
from store.migrate import upgrade
from store.settings import read_settings


@click.command()
@click.option(
    "--first-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Unless some API key exists, make one with every right and write it to this file.",
)
def migrate(first_key: Path | None) -> None:
    """Bring the database to the tables of this release."""
    database = open_database(read_settings().database_url)
    upgrade(database)
    click.echo("the database is up to date")
    if first_key is not None:
        _write_first_key(database, first_key)
    database.close()


def _write_first_key(database: Database, path: Path) -> None:
    with database.read() as connection:
        if any_key(connection):
            return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written before it is valid: a key that nobody can read would lock everybody out.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise DatabaseError(f"cannot write the first key to {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(database.write(lambda connection: create_key(connection, "first", ["admin"])) + "\n")
    click.echo(f"wrote the first API key to {path}")
