"""`ebb sweep`: compares configurations by a job of the service, and follows it."""

import sys
from pathlib import Path

import click
from rich.console import Console

from ebb.commands.jobs import EXIT_CODES, print_job
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, read_json, service_options
from ebb.watch import watch_job
from model.errors import FileError


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dataset", help="Id of the dataset. [default: that of FILE]")
@click.option("--model", help="Name of the registered model. [default: that of FILE]")
@service_options
@json_option
def sweep(file: Path, dataset: str | None, model: str | None, url: str | None, key: str | None, as_json: bool) -> None:  # noqa: PLR0913, PLR0917 - one parameter an option
    """Compare the configurations of FILE, a JSON file with the body of POST /v1/jobs/sweep, and show the leaderboard.

    The exit code is 0 if the job succeeded, 1 if it failed or could not be watched, and 3 if it was cancelled. The job
    continues if watching is interrupted.
    """
    body = read_json(file)
    if not isinstance(body, dict):
        raise FileError(f"{file} must hold a JSON object")
    body |= {name: value for name, value in (("dataset", dataset), ("model", model)) if value is not None}
    with open_client(url, key) as client:
        job, epochs = watch_job(client, client.submit_sweep(body).id, Console(stderr=True))
    print_job(job, epochs, as_json=as_json)
    sys.exit(EXIT_CODES[job.state])
