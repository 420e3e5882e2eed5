"""`ebb models`: the registry, over HTTP."""

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options
from store.registry.aliases import CHAMPION

VERSION_COLUMNS = ("version", "valid_loss", "valid_auc", "created_at", "job_id")
MOVE_COLUMNS = ("revision", "from_version", "to_version", "moved_by", "moved_at")


@click.group()
def models() -> None:
    """List versions, promote one, see where an alias has been."""


@models.command(name="list")
@click.argument("model", default="churn")
@service_options
@json_option
def list_command(model: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List a model's versions, the newest first."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(version) for version in client.versions(model)]
    for row in rows:
        row.update({name: row["metrics"].get(name) for name in ("valid_loss", "valid_auc")})
    print_rows(rows, VERSION_COLUMNS, as_json=as_json)


@models.command()
@click.argument("version", type=int)
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
def promote(version: int, model: str, alias: str, url: str | None, key: str | None) -> None:
    """Point an alias at a version."""
    with open_client(url, key) as client:
        moved = client.move_alias(model, alias, version)
    click.echo(f"{alias} of {model} is version {moved.version} (revision {moved.revision})")


@models.command()
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
def rollback(model: str, alias: str, url: str | None, key: str | None) -> None:
    """Point an alias back at the version before; again, at the one before that."""
    with open_client(url, key) as client:
        moved = client.roll_back(model, alias)
    click.echo(f"{alias} of {model} is version {moved.version} again (revision {moved.revision})")


@models.command()
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
@json_option
def history(model: str, alias: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List an alias's moves, the latest first."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(move) for move in client.alias_history(model, alias)]
    print_rows(rows, MOVE_COLUMNS, as_json=as_json)
