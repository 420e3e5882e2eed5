"""`ebb versions diff`: the customers who change sides between two versions, over HTTP."""

from typing import Any

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_item, print_rows, service_options

COLUMNS = ("customer_id", "before", "now", "because of")


@click.command()
@click.argument("model")
@click.argument("version", type=click.IntRange(1))
@click.argument("against", type=click.IntRange(1))
@click.option("--dataset", help="The dataset to score. [default: the training dataset of VERSION]")
@click.option("--threshold", help="Customers of at least this churn probability leave. [default: 0.5]")
@service_options
@json_option
def diff(  # noqa: PLR0913, PLR0917 - one parameter an option
    model: str, version: int, against: int, url: str | None, key: str | None, as_json: bool, **options: Any
) -> None:
    """List the customers who change sides from version AGAINST of MODEL to VERSION, and the columns that move them."""
    with open_client(url, key) as client:
        found = client.diff(model, version, against, **options)
    if as_json:
        print_item(msgspec.to_builtins(found), (), as_json=True)
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
    print_rows(rows, COLUMNS, as_json=False)
