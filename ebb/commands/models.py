"""`ebb models`: lists registered models, and moves the aliases that score, over HTTP."""

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_item, print_rows, service_options
from store.alias_names import CHAMPION

COLUMNS = ("name", "last_version", "created_at")
ALIAS_COLUMNS = ("alias", "version", "revision")
MOVE_COLUMNS = ("revision", "from_version", "to_version", "moved_by", "moved_at", "job")


@click.group()
def models() -> None:
    """List and show registered models; promote their versions, and roll back."""


@models.command(name="list")
@service_options
@json_option
def list_command(url: str | None, key: str | None, as_json: bool) -> None:
    """List the registered models; `ebb versions list MODEL` lists the versions of one."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(model) for model in client.models()]
    print_rows(rows, COLUMNS, as_json=as_json)


@models.command()
@click.argument("model")
@service_options
@json_option
def show(model: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show MODEL and the versions that its aliases point at."""
    with open_client(url, key) as client:
        found = client.model(model)
    whole = msgspec.to_builtins(found)
    if as_json:
        print_item(whole, (), as_json=True)
        return
    print_item(whole, COLUMNS, as_json=False)
    click.echo()
    print_rows(whole["aliases"], ALIAS_COLUMNS, as_json=False)


@models.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
@json_option
def promote(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: str, version: int, alias: str, url: str | None, key: str | None, as_json: bool
) -> None:
    """Move an alias of MODEL to VERSION."""
    with open_client(url, key) as client:
        moved = client.move_alias(model, alias, version)
    said = f"{alias} of {model} is version {moved.version} (revision {moved.revision})"
    print_item(msgspec.to_builtins(moved), (), as_json=True) if as_json else click.echo(said)


@models.command()
@click.argument("model")
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
@json_option
def rollback(model: str, alias: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Move an alias of MODEL back to its version before; a second call goes back one version more."""
    with open_client(url, key) as client:
        moved = client.roll_back(model, alias)
    said = f"{alias} of {model} is version {moved.version} again (revision {moved.revision})"
    print_item(msgspec.to_builtins(moved), (), as_json=True) if as_json else click.echo(said)


@models.command()
@click.argument("model")
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
@json_option
def history(model: str, alias: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List the moves of an alias of MODEL, the latest first."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(move) for move in client.alias_history(model, alias)]
    print_rows(rows, MOVE_COLUMNS, as_json=as_json)
