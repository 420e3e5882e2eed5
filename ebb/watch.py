"""Watching a training job until it ends."""

import math
import time

from rich.console import Console

from ebb.answers import Epoch, Job, Progress
from ebb.client import Client
from ebb.display import display_on
from ebb.errors import JobError

POLL_SECONDS = 0.2


def watch_training(
    client: Client, job_id: str, console: Console, patience: float = math.inf
) -> tuple[Job, list[Epoch]]:
    """Show a training job's epochs as they come, until it ends, and return it with all of them.

    Units: patience in seconds.
    Raises: JobError if it does not end in time; the client's errors.
    """
    give_up = time.monotonic() + patience
    epochs: list[Epoch] = []
    seen: Progress | None = None
    with display_on(console) as display:
        while True:
            # The job before its epochs: of a finished job, the list is then complete.
            job = client.job(job_id)
            if job.finished or job.progress != seen:
                epochs, seen = list(client.epochs(job_id)), job.progress
            display.show(job, epochs)
            if job.finished:
                return job, epochs
            if time.monotonic() > give_up:
                raise JobError(_too_late(job, patience))
            time.sleep(POLL_SECONDS)


def expect_success(job: Job) -> None:
    """Say why a job that ended did not succeed.

    Raises: JobError.
    """
    if job.state != "succeeded":
        why = f": {job.error.detail} ({job.error.code})" if job.error else ""
        raise JobError(f"training job {job.id} {job.state}{why}")


def _too_late(job: Job, patience: float) -> str:
    if job.state == "queued":
        return f"no worker took training job {job.id} in {patience:.0f} s; is one running?"
    return f"training job {job.id} was still {job.state} after {patience:.0f} s"
