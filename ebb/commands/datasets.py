"""`ebb datasets`: lists, shows and deletes uploaded tables, over HTTP."""

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_item, print_rows, service_options, show_warnings

COLUMNS = ("id", "name", "rows", "target", "id_column", "created_at")
SCHEMA = ("column", "kind", "missing", "values")
MOST_VALUES = 5


@click.group()
def datasets() -> None:
    """List, show and delete uploaded tables. DATASET is the id of one, or its name."""


@datasets.command(name="list")
@click.option("--name", help="Only those of this name.")
@service_options
@json_option
def list_command(name: str | None, url: str | None, key: str | None, as_json: bool) -> None:
    """List the datasets, the newest first."""
    with open_client(url, key) as client:
        rows = [msgspec.to_builtins(dataset) for dataset in client.datasets(name=name)]
    print_rows(rows, COLUMNS, as_json=as_json)


@datasets.command()
@click.argument("dataset")
@service_options
@json_option
def show(dataset: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show a dataset with its columns and warnings."""
    with open_client(url, key) as client:
        found = client.dataset(dataset)
    whole = msgspec.to_builtins(found)
    if as_json:
        print_item(whole, (), as_json=True)
        return
    print_item(whole, ("id", "name", "rows", "positives", "target", "id_column", "bytes", "created_at"), as_json=False)
    click.echo()
    print_rows([_column(column) for column in found.columns], SCHEMA, as_json=False)
    show_warnings(found.warnings)


@datasets.command()
@click.argument("dataset")
@service_options
@json_option
def delete(dataset: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Delete a dataset; refused while an alias or an unfinished job needs it."""
    with open_client(url, key) as client:
        gone = client.delete_dataset(dataset)
    if as_json:
        print_item(msgspec.to_builtins(gone), (), as_json=True)
    else:
        click.echo(f"dataset {gone.id} {gone.name!r} of {gone.rows:,} rows is deleted")


def _column(column: dict[str, object]) -> dict[str, object]:
    """Return a row for a column of a dataset: its most frequent values, or the least and the largest.

    Example:
        >>> plans = [{"value": "basic", "count": 3}, {"value": "pro", "count": 2}]
        >>> _column({"name": "plan", "kind": "categorical", "missing": 0, "categories": plans})["values"]
        'basic, pro'
    """
    categories = column.get("categories")
    values = [str(each["value"]) for each in categories[:MOST_VALUES]] if isinstance(categories, list) else []
    span = "" if column.get("min") is None else f"{column['min']} to {column.get('max')}"
    return {
        "column": column["name"],
        "kind": column["kind"],
        "missing": column.get("missing") or "",
        "values": ", ".join(values) or span,
    }
