"""`ebb jobs`: lists, shows, watches, cancels and retries jobs, over HTTP."""

import sys

import click
import msgspec
from rich.console import Console

from ebb.answers import Epoch, Job
from ebb.client import Client
from ebb.commands.options import as_json as json_option
from ebb.commands.options import open_client, print_rows, service_options
from ebb.commands.results import result
from ebb.display import time_left
from ebb.summary import summarize
from ebb.watch import watch_job
from store.job_states import KINDS, JobState

COLUMNS = ("id", "kind", "model", "state", "attempt", "progress", "left", "created_at", "finished_at", "error")
STATES = [state.value for state in JobState]
EXIT_CODES: dict[str, int] = {JobState.SUCCEEDED: 0, JobState.FAILED: 1, JobState.CANCELLED: 3}


@click.group()
def jobs() -> None:
    """List, show, watch, cancel and retry jobs, and download their results."""


jobs.add_command(result)


@jobs.command(name="list")
@click.option(
    "--state",
    multiple=True,
    type=click.Choice(STATES),
    help="Only this state; repeatable.",
)
@click.option("--kind", multiple=True, type=click.Choice(KINDS), help="Only this kind; repeatable.")
@click.option("--model", help="For this model.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(1), help="How many, the newest first.")
@service_options
@json_option
def list_command(  # noqa: PLR0913, PLR0917 - one parameter an option
    state: tuple[str, ...],
    kind: tuple[str, ...],
    model: str | None,
    most: int,
    url: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """List jobs, the newest first."""
    with open_client(url, key) as client:
        wanted = client.jobs(state=state, kind=kind, model=model)
        found = [job for job, _ in zip(wanted, range(most), strict=False)]
    rows = [msgspec.to_builtins(job) if as_json else _row(job) for job in found]
    print_rows(rows, COLUMNS, as_json=as_json)


@jobs.command()
@click.argument("job_id")
@service_options
@json_option
def show(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Show one job; with --json, its epochs too."""
    with open_client(url, key) as client:
        job = client.job(job_id)
        print_job(job, _epochs(client, job), as_json=as_json)


@jobs.command()
@click.argument("job_id")
@service_options
@json_option
def watch(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Follow a job until it ends, then show it.

    The exit code is 0 if the job succeeded, 1 if it failed or could not be watched, and 3 if it was cancelled. The job
    continues if watching is interrupted.
    """
    with open_client(url, key) as client:
        job, epochs = watch_job(client, job_id, Console(stderr=True))
    print_job(job, epochs, as_json=as_json)
    sys.exit(EXIT_CODES[job.state])


@jobs.command()
@click.argument("job_id")
@service_options
@json_option
def cancel(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Cancel a queued job, or ask a running one to stop."""
    with open_client(url, key) as client:
        job = client.cancel(job_id)
    change = "is cancelled" if job.finished else "was asked to stop"
    _say(job, f"job {job.id} {change}", as_json=as_json)


@jobs.command()
@click.argument("job_id")
@service_options
@json_option
def retry(job_id: str, url: str | None, key: str | None, as_json: bool) -> None:
    """Submit a failed or cancelled job again, as a new job."""
    with open_client(url, key) as client:
        job = client.retry(job_id)
    _say(job, f"job {job.id} is {job.state}; it retries {job.retry_of}", as_json=as_json)


def _epochs(client: Client, job: Job) -> list[Epoch]:
    return list(client.epochs(job.id)) if job.has_epochs else []


def _row(job: Job) -> dict[str, object]:
    error = f"{job.error.code}: {job.error.detail}" if job.error else None
    left = None if job.eta_s is None else time_left(job.eta_s)
    return {**msgspec.to_builtins(job), "progress": str(job.progress or ""), "left": left, "error": error}


def print_job(job: Job, epochs: list[Epoch], *, as_json: bool) -> None:
    """Print a job with its epochs as text, or as JSON."""
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({**msgspec.to_builtins(job), "epochs": epochs})))
    else:
        click.echo(summarize(job, epochs))


def _say(job: Job, text: str, *, as_json: bool) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(job)) if as_json else text)
