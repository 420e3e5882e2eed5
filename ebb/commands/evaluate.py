"""`ebb versions evaluate`: measures a version on a dataset whose outcomes are known, over HTTP."""

from collections.abc import Mapping
from typing import Any

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options

FIGURES = ("figure", "value", "95 %")
BESIDE = ("beside", "rows", "log_loss", "auc", "version_log_loss", "version_auc")
DECILES = ("rows", "predicted", "observed", "lift", "gain")


@click.command()
@click.argument("model")
@click.argument("version", type=int)
@click.argument("dataset")
@click.option("--customer-value", type=float, help="what a customer who stays is worth [default: 200]")
@click.option("--offer-cost", type=float, help="cost of an accepted offer [default: 10]")
@click.option("--contact-cost", type=float, help="cost of a contact [default: 1]")
@click.option("--acceptance", type=float, help="share of churners who would accept the offer [default: 0.3]")
@service_options
@json_option
def evaluate(  # noqa: PLR0913, PLR0917 - the options of the command
    model: str, version: int, dataset: str, url: str | None, key: str | None, as_json: bool, **economics: float | None
) -> None:
    """Measure VERSION of MODEL on an uploaded DATASET with known outcomes."""
    with open_client(url, key) as client:
        result: Any = client.wait(client.evaluate(model, version, dataset, **economics).id).result
    if as_json:
        click.echo(msgspec.json.encode(result))
        return
    show_report(result["report"])
    for count, reason in (("unlabelled", "without an outcome"), ("errors", "with a value that cannot be used")):
        if result[count]:
            click.echo(f"{result[count]:,} of {result['rows']:,} rows {reason} were left out")


def show_report(report: Mapping[str, Any]) -> None:
    """Print the main tables of a report, rounded, and its warnings."""
    figures = [
        {"figure": name, "value": f"{one['value']:.4f}", "95 %": f"{one['low']:.4f} to {one['high']:.4f}"}
        for name, one in report["metrics"].items()
    ]
    print_rows(figures, FIGURES, as_json=False)
    click.echo()
    print_rows([_beside(name, one) for name, one in report["beside"].items()], BESIDE, as_json=False)
    click.echo()
    rows = [{**one, **{name: f"{one[name]:.3f}" for name in DECILES[1:]}} for one in report["deciles"]]
    print_rows(rows, DECILES, as_json=False)
    click.echo()
    best = report["profit"]["best"]
    click.echo(f"contacting the {best['contacted']:.1%} most at risk earns most: {best['profit']:.2f} a customer")
    for warning in report["warnings"]:
        click.echo(f"warning: {warning['detail']}", err=True)


def _beside(name: str, one: Mapping[str, Any]) -> dict[str, object]:
    figures = {column: None if one.get(column) is None else f"{one[column]:.4f}" for column in BESIDE[2:]}
    return {"beside": name.replace("_", " "), "rows": one["rows"], **figures}
