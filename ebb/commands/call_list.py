"""`ebb call-list`: whom to call, the most profitable first, with reasons, over HTTP."""

import sys
from pathlib import Path

import click
import msgspec

from ebb.client.listed_calls import Call, ListedCalls
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options
from model.errors import FileError
from model.files import new_file

SHOWN = 20
FORMATS = (".csv", ".xlsx")
COLUMNS = ("customer", "chance of leaving", "because")


@click.command(name="call-list")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--capacity", type=click.IntRange(1, 10_000), help="The most customers to call.")
@click.option("--budget", type=click.FloatRange(0), help="The most that all calls may be expected to cost.")
@click.option("--value", "customer_value", type=click.FloatRange(0), help="What a customer who stays is worth.")
@click.option("--value-from", "value_column", metavar="COLUMN", help="The column of FILE that says it.")
@click.option("--value-times", type=click.FloatRange(0), help="How many times that column: 12 for a monthly price.")
@click.option("--offer-cost", type=click.FloatRange(0), help="What an offer costs that is accepted.  [default: 0]")
@click.option("--contact-cost", type=click.FloatRange(0), help="What a call costs.  [default: 0]")
@click.option("--acceptance", type=click.FloatRange(0, 1), help="Share of leavers who accept.  [default: 1]")
@click.option("--reasons", "explain", default=3, show_default=True, type=click.IntRange(0, 20))
@click.option("--model", default="churn", show_default=True)
@click.option("--alias", help="Score by this alias.  [default: champion]")
@click.option("--version", type=click.IntRange(1), help="Score by this version instead of an alias.")
@click.option(
    "--out",
    default=Path("call-list.csv"),
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: .csv or .xlsx.",
)
@service_options
@json_option
def call_list(  # noqa: PLR0913, PLR0917 - one parameter an option
    file: Path,
    explain: int,
    model: str,
    alias: str | None,
    version: int | None,
    out: Path,
    url: str | None,
    key: str | None,
    as_json: bool,
    customer_value: float | None,
    value_column: str | None,
    **limits: float | None,
) -> None:
    """List whom of FILE to call, with the reasons that raise their risk, and write the list.

    With --value or --value-from, the customers come whose call is expected to earn most, and only those whose call
    earns more than it costs. Without, those who are most likely to leave. Customers who have left already, as the
    column of the training's target says, are not listed.
    """
    _check(alias, version, out, customer_value, value_column, limits)
    valued = customer_value is not None or value_column is not None
    with open_client(url, key) as client:
        listed = client.call_list(
            file,
            model=model,
            by=version or alias,
            customer_value=customer_value,
            value_column=value_column,
            explain=explain,
            **limits,
        )
        with new_file(out) as stream:
            client.save_call_list(listed.job_id, stream, file_format=out.suffix.lower().removeprefix("."))
    if as_json:
        click.echo(msgspec.json.encode(listed))
    else:
        _show(listed, out, valued=valued)
    if listed.errors == listed.rows:
        sys.exit(1)


def _check(  # noqa: PLR0913, PLR0917 - options that depend on each other
    alias: str | None,
    version: int | None,
    out: Path,
    value: float | None,
    column: str | None,
    limits: dict[str, float | None],
) -> None:
    """Refuse options that contradict each other, before anything is uploaded."""
    if alias is not None and version is not None:
        raise click.UsageError("give --alias or --version, not both")
    if value is not None and column is not None:
        raise click.UsageError("give --value or --value-from, not both")
    if limits["value_times"] is not None and column is None:
        raise click.UsageError("--value-times needs --value-from, the column to multiply")
    costs = [name for name in ("budget", "offer_cost", "contact_cost", "acceptance") if limits[name] is not None]
    if costs and value is None and column is None:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in costs)
        raise click.UsageError(f"{names}: say with --value or --value-from what a customer who stays is worth")
    if out.suffix.lower() not in FORMATS:
        raise FileError(f"{out}: the name must end in .csv or .xlsx, which sets the format")


def _row(call: Call) -> dict[str, object]:
    return {
        "customer": call.who,
        "chance of leaving": f"{call.churn_probability:.0%}",
        "expected profit": f"{call.expected_profit:,.2f}",
        "because": "; ".join(reason.text for reason in call.reasons),
    }


def _show(listed: ListedCalls, out: Path, *, valued: bool) -> None:
    """Print the first customers, where the list is, its totals, and who was left out."""
    columns = (*COLUMNS[:2], "expected profit", *COLUMNS[2:]) if valued else COLUMNS
    print_rows([_row(call) for call in listed.calls[:SHOWN]], columns, as_json=False)
    count, summary = len(listed.calls), listed.summary
    if count > SHOWN:
        click.echo(f"… and {count - SHOWN:,} more")
    told = f"{count:,} customers to call by version {listed.version} of {listed.model}: {out}"
    if valued:
        told += f"; expected profit {summary['expected_profit']:,.2f}, cost {summary['expected_cost']:,.2f}"
    click.echo(told)
    for warning in listed.warnings:
        click.echo(f"warning: {warning}", err=True)
    for name, why in (("churned", "have left already"), ("without_value", "have no value in the column")):
        if summary.get(name):
            click.echo(f"{summary[name]:,} {why} and are not listed", err=True)
