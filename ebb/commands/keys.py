"""`ebb keys`: creates, lists and revokes API keys, directly in the database."""

import json
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import click

from ebb.commands.names import Name
from ebb.commands.options import as_json as json_option
from ebb.commands.options import print_rows
from store.database import Database, open_database
from store.keys import SCOPES, create_key, list_keys, new_key, revoke_key
from store.settings import read_settings

LIMITS = ("requests_per_minute", "stored_bytes")
COLUMNS = ("id", "name", "scopes", *LIMITS, "created_at", "expires_at", "last_used_at", "revoked_at")


@click.group()
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command()
@click.option("--name", required=True, type=Name(), help="The owner of the key, for the list.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="A scope of the key; repeatable."
)
@click.option("--days", type=click.IntRange(1), help="Days until it expires. [default: until revoked]")
@click.option(
    "--requests-per-minute", "rate", type=click.IntRange(1, 1_000_000), help="[default: EBB_REQUESTS_PER_MINUTE]"
)
@click.option(
    "--stored-bytes", "stored", type=click.IntRange(0, 2**60), help="0 for no limit. [default: EBB_STORED_BYTES]"
)
@json_option
def create(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: str, scopes: tuple[str, ...], days: int | None, rate: int | None, stored: int | None, as_json: bool
) -> None:
    """Create a key and print it."""
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    made, limits = new_key(), {"requests_per_minute": rate, "stored_bytes": stored}
    with _database() as database:
        key = database.write(
            lambda connection: create_key(connection, name, scopes, expires_at, made, **limits, by=_who())
        )
    click.echo(json.dumps({"id": key.split("_")[1], "key": key}) if as_json else key)
    click.echo("Save the key now: only its hash is stored, and it is never shown again.", err=True)


@keys.command(name="list")
@json_option
def list_command(as_json: bool) -> None:
    """List the keys, without their secrets."""
    with _database() as database, database.read() as connection:
        rows = [dict(vars(row)) for row in list_keys(connection)]
    print_rows(rows, COLUMNS, as_json=as_json)


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Revoke a key."""
    with _database() as database:
        database.write(lambda connection: revoke_key(connection, key_id, by=_who()))
    click.echo(f"key {key_id} is revoked")


def _who() -> str:
    """Return the name of the local user for the audit log."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container, users are numbers
        name = str(os.getuid())
    return f"command line, {name}"


@contextmanager
def _database() -> Iterator[Database]:
    database = open_database(read_settings().database_url)
    try:
        yield database
    finally:
        database.close()
