"""`ebb jobs result` and `ebb models replay`: commands that wait for the result of a job, over HTTP."""

import sys
from pathlib import Path

import click

from ebb.commands.options import open_client, service_options
from ebb.job_results import save_result, wait_for_result


@click.command()
@click.argument("job_id")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@service_options
def result(job_id: str, out: Path, url: str | None, key: str | None) -> None:
    """Download the result of a scoring job."""
    with open_client(url, key) as client:
        save_result(client, job_id, out)
    click.echo(f"{out}: {out.stat().st_size:,} bytes")


@click.command()
@click.argument("model")
@click.argument("version", type=int)
@service_options
def replay(model: str, version: int, url: str | None, key: str | None) -> None:
    """Train a version again and compare the bytes; exit code 1 if they differ."""
    with open_client(url, key) as client:
        outcome = wait_for_result(client, client.replay(model, version).id).result or {}
    for differs in outcome["environment_differs"] if isinstance(outcome["environment_differs"], list) else ():
        click.echo(f"{differs['name']} was {differs['then']}, and is {differs['here']}", err=True)
    words = "the same bytes" if outcome["equal"] else f"other bytes, {outcome['replayed_sha256']}"
    click.echo(f"version {version} of {model}, {outcome['weights_sha256']}: {words}")
    sys.exit(0 if outcome["equal"] else 1)
