"""`ebb models`: lists, compares, evaluates, promotes and rolls back versions, over HTTP."""

from typing import Any

import click
import msgspec

from ebb.commands.evaluate import evaluate
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options
from ebb.commands.results import replay
from ebb.job_results import wait_for_result
from ebb.versions_table import COLUMNS, different_rows, reported, version_rows
from store.registry.aliases import CHAMPION

DIFF_COLUMNS = ("customer_id", "before", "now", "because of")
MOVE_COLUMNS = ("revision", "from_version", "to_version", "moved_by", "moved_at", "job")


@click.group()
def models() -> None:
    """List, compare, evaluate, promote, replay and roll back versions."""


models.add_command(replay)
models.add_command(evaluate)


@models.command(name="list")
@click.argument("model", default="churn")
@click.option("--dataset", help="an uploaded dataset with known outcomes to evaluate every version on, by jobs")
@service_options
@json_option
def list_command(model: str, url: str | None, key: str | None, as_json: bool, dataset: str | None) -> None:
    """List the versions of MODEL, by default "churn", the newest first, with what differs in their specs.

    The figures are those of each version's own held-out rows. To compare versions on the same table, name a dataset.
    """
    with open_client(url, key) as client:
        versions = list(client.versions(model))
        found = client.alias(model, CHAMPION)
        rows = version_rows(versions, found[0].version if found else None)
        if dataset is not None:
            jobs = [client.evaluate(model, version.version, dataset).id for version in versions]
            results = [wait_for_result(client, job).result or {} for job in jobs]
            rows = [reported(row, result) for row, result in zip(rows, results, strict=True)]
            if note := different_rows(results):
                click.echo(f"note: {note}", err=True)
    if not as_json:
        print_rows(rows, COLUMNS, as_json=False)
        return
    whole = [msgspec.to_builtins(version) for version in versions]
    for row in whole:
        row.update({name: row["metrics"].get(name) for name in ("valid_loss", "valid_auc")})
    if dataset is not None:
        whole = [{**row, "evaluation": result} for row, result in zip(whole, results, strict=True)]
    print_rows(whole, (), as_json=True)


@models.command()
@click.argument("version", type=int)
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
def promote(version: int, model: str, alias: str, url: str | None, key: str | None) -> None:
    """Move an alias to a version."""
    with open_client(url, key) as client:
        moved = client.move_alias(model, alias, version)
    click.echo(f"{alias} of {model} is version {moved.version} (revision {moved.revision})")


@models.command()
@click.argument("version", type=int)
@click.option("--against", type=int, required=True, help="the version to compare with")
@click.option("--model", default="churn", show_default=True)
@click.option("--dataset", help="the dataset to score [default: the training dataset of VERSION]")
@click.option("--threshold", help="customers of at least this churn probability leave [default: 0.5]")
@service_options
@json_option
def diff(version: int, model: str, url: str | None, key: str | None, as_json: bool, **options: Any) -> None:
    """List the customers who change sides between two versions, and the columns that move them."""
    with open_client(url, key) as client:
        found = client.diff(model, version, **options)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    click.echo(f"of {found.rows:,} customers {found.to_leaving:,} now leave, and {found.to_staying:,} now stay")
    if (unseen := found.unseen) is not None:
        moved = f"{unseen.to_leaving:,} now leave, and {unseen.to_staying:,} now stay"
        click.echo(f"of the {unseen.rows:,} whom neither version has seen {moved}")
    if found.quality is not None:
        click.echo(found.quality.reason)
    rows = [
        {
            "customer_id": customer.customer_id,
            "before": f"{customer.churn_probability_before:.3f}",
            "now": f"{customer.churn_probability:.3f}",
            "because of": ", ".join(f"{r.column} {r.change:+.2f}" for r in customer.reasons),
        }
        for customer in found.customers
    ]
    print_rows(rows, DIFF_COLUMNS, as_json=False)


@models.command()
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
def rollback(model: str, alias: str, url: str | None, key: str | None) -> None:
    """Move an alias back to its version before; a second call goes back one version more."""
    with open_client(url, key) as client:
        moved = client.roll_back(model, alias)
    click.echo(f"{alias} of {model} is version {moved.version} again (revision {moved.revision})")


@models.command()
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", default=CHAMPION, show_default=True)
@service_options
@json_option
def history(model: str, alias: str, url: str | None, key: str | None, as_json: bool) -> None:
    """List the moves of an alias, the latest first."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(move) for move in client.alias_history(model, alias)]
    print_rows(rows, MOVE_COLUMNS, as_json=as_json)
