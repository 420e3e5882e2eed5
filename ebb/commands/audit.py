"""`ebb audit`: lists the audit log, over HTTP."""

import click
import msgspec

from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options

COLUMNS = ("at", "actor", "action", "subject", "data", "request_id")


@click.command()
@click.option("--action", help="Only this action, such as job.submitted or alias.moved.")
@click.option("--actor", help="Only this actor: the id of an API key, or 'local'.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1), help="How many, the latest first.")
@service_options
@json_option
def audit(  # noqa: PLR0913, PLR0917 - one parameter an option
    action: str | None, actor: str | None, most: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List submissions, cancellations, uploads, alias moves, and keys created or revoked."""
    with open_client(url, key) as client:
        lines = client.audit(action=action, actor=actor)
        rows = [msgspec.to_builtins(line) for line, _ in zip(lines, range(most), strict=False)]
    print_rows(rows, COLUMNS, as_json=as_json)
