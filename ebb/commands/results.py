"""`ebb jobs result`: downloads the result of a job, over HTTP."""

from pathlib import Path

import click

from ebb.commands.options import open_client, service_options
from ebb.job_results import save_result


@click.command()
@click.argument("job_id")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@service_options
def result(job_id: str, out: Path, url: str | None, key: str | None) -> None:
    """Download the result of a scoring job."""
    with open_client(url, key) as client:
        save_result(client, job_id, out)
    click.echo(f"{out}: {out.stat().st_size:,} bytes")
