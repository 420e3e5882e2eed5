"""Results of jobs: waits for them, downloads them, and scores a file by a job."""

import time
from pathlib import Path

from ebb.answers import Job
from ebb.client import Client
from ebb.watch import expect_success
from model.files import new_file
from model.outputs import output_of
from model.outputs.writing import ScoringSummary
from model.tables.file_reading import MEDIA_TYPES
from model.tables.reader import format_of

POLL_SECONDS = 0.2


def wait_for_result(client: Client, job_id: str) -> Job:
    """Wait for a job to end, and return it.

    Raises: JobError if it did not succeed; the client's errors.
    """
    while not (job := client.job(job_id)).finished:
        time.sleep(POLL_SECONDS)
    expect_success(job)
    return job


def save_result(client: Client, job_id: str, out: Path) -> None:
    """Download the result of a scoring job; the file gets its name when it is complete.

    Raises: FileError; the client's errors.
    """
    with new_file(out) as stream:
        client.save_result(job_id, stream)


def score_by_job(  # noqa: PLR0913, PLR0917 - the options of the command
    client: Client,
    file: Path,
    out: Path,
    model: str,
    alias: str | None,
    version: int | None,
    explain: int,
    direction: str | None,
) -> tuple[int, ScoringSummary]:
    """Score a file by a job, and return the version and the summary.

    Raises: TableError if the file's name has no known format; JobError, FileError; the client's errors.
    """
    media_type = next(one for one, name in MEDIA_TYPES.items() if name == format_of(file))
    output = output_of(out)
    submitted = client.submit_scoring(
        model,
        file,
        media_type=media_type,
        alias=alias,
        version=version,
        output=output,
        explain=explain,
        direction=direction,
    )
    job = wait_for_result(client, submitted.id)
    save_result(client, job.id, out)
    result = job.result or {}
    return int(str(result["version"])), ScoringSummary.from_json(result)
