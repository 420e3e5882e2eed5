"""`ebb jobs`: look at jobs and steer them, over HTTP."""

import sys

import click
import msgspec
from rich.console import Console

from ebb.answers import Job
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options
from ebb.commands.results import result
from ebb.watch import watch_training

STATES = ("queued", "running", "succeeded", "failed", "cancelled")
COLUMNS = ("id", "kind", "state", "attempt", "progress", "created_at", "finished_at", "error")


@click.group()
def jobs() -> None:
    """List, show, watch, cancel and retry jobs."""


jobs.add_command(result)


@jobs.command(name="list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--kind", type=click.Choice(("training", "scoring", "replay")))
@click.option("--most", default=50, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@service_options
@json_option
def list_command(  # noqa: PLR0913, PLR0917 - one parameter an option
    state: str | None, kind: str | None, most: int, url: str | None, key: str | None, as_json: bool
) -> None:
    """List jobs, the newest first."""
    with open_client(url, key) as client:
        found = [job for job, _ in zip(client.jobs(state=state, kind=kind), range(most), strict=False)]
    rows = [msgspec.to_builtins(job) if as_json else _row(job) for job in found]
    print_rows(rows, COLUMNS, as_json=as_json)


@jobs.command()
@click.argument("job_id")
@service_options
def show(job_id: str, url: str | None, key: str | None) -> None:
    """Show one job as JSON."""
    with open_client(url, key) as client:
        _print(client.job(job_id))


@jobs.command()
@click.argument("job_id")
@service_options
def watch(job_id: str, url: str | None, key: str | None) -> None:
    """Follow a training until it ends, then show it as JSON; exit code 1 unless it succeeded."""
    with open_client(url, key) as client:
        job, _ = watch_training(client, job_id, Console(stderr=True))
    _print(job)
    sys.exit(0 if job.state == "succeeded" else 1)


@jobs.command()
@click.argument("job_id")
@service_options
def cancel(job_id: str, url: str | None, key: str | None) -> None:
    """Cancel a queued job, or ask a running one to stop."""
    with open_client(url, key) as client:
        _print(client.cancel(job_id))


@jobs.command()
@click.argument("job_id")
@service_options
def retry(job_id: str, url: str | None, key: str | None) -> None:
    """Submit the work of a failed or cancelled job again, as a new job."""
    with open_client(url, key) as client:
        _print(client.retry(job_id))


def _row(job: Job) -> dict[str, object]:
    progress = f"{job.progress.done}/{job.progress.total} {job.progress.unit}" if job.progress else None
    error = f"{job.error.code}: {job.error.detail}" if job.error else None
    return {**msgspec.to_builtins(job), "progress": progress, "error": error}


def _print(job: Job) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(job)))
