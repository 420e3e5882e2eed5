"""`ebb migrate`: upgrades the database to the tables of this release."""

from collections.abc import Callable
from pathlib import Path

import click

from ebb.private_file import write_private
from store.database import Connection, Database, open_database
from store.errors import DatabaseError
from store.keys import any_key, create_key, find_caller, new_key
from store.migrate import upgrade
from store.passwords import read_password
from store.roles import grant_service
from store.settings import read_settings


@click.command()
@click.option(
    "--first-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="If no API key exists, create one with the scope admin and write it to this file.",
)
@click.option(
    "--metrics-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="If this file holds no valid API key, write one with the scope read to it, for Prometheus.",
)
@click.option(
    "--service-role",
    help="Grant this PostgreSQL role the rights that the service needs in every table, and no others.",
)
@click.option(
    "--service-password-file",
    type=click.Path(path_type=Path),
    help="A file with that role's password. Without it, the role must exist, and keeps its password.",
)
def migrate(
    first_key: Path | None, metrics_key: Path | None, service_role: str | None, service_password_file: Path | None
) -> None:
    """Upgrade the database to the tables of this release.

    The role that migrates owns the tables. Web servers and workers should use another one: --service-role.
    """
    if service_password_file is not None and service_role is None:
        raise click.UsageError("--service-password-file needs --service-role")
    database = open_database(read_settings().database_url)
    upgrade(database)
    click.echo("the database is up to date")
    if service_role is not None:
        _grant(database, service_role, service_password_file)
    if first_key is not None:
        _write_key(database, first_key, "first", "admin", unless=any_key)
    if metrics_key is not None:
        _write_key(database, metrics_key, "prometheus", "read", unless=lambda known: _holds_key(known, metrics_key))
    database.close()


def _grant(database: Database, role: str, password_file: Path | None) -> None:
    try:
        password = None if password_file is None else read_password(password_file)
    except ValueError as error:
        raise click.UsageError(f"--service-password-file: {error}") from error
    grant_service(database, role, password)
    click.echo(f"the role {role} has the rights of the service")


def _holds_key(connection: Connection, path: Path) -> bool:
    return path.is_file() and find_caller(connection, path.read_text().strip()) is not None


def _write_key(database: Database, path: Path, name: str, scope: str, *, unless: Callable[[Connection], bool]) -> None:
    made = new_key()

    def write(connection: Connection) -> bool:
        if unless(connection):
            return False
        # Written before COMMIT makes it valid, so that no valid key exists that nobody can read.
        write_private(path, create_key(connection, name, [scope], key=made, by="ebb migrate") + "\n")
        return True

    try:
        written = database.write(write)
    except OSError as error:
        raise DatabaseError(f"cannot write the {name} key to {path}: {error.strerror}") from error
    if written:
        click.echo(f"wrote the {name} API key to {path}")
