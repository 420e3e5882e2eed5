"""Results of jobs: downloads them, and scores a file by a job."""

from pathlib import Path

from ebb.client import Client
from ebb.client.sent_tables import media_type_of
from model.files import new_file
from model.outputs import output_of
from model.outputs.writing import ScoringSummary


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
    **read_as: str | None,
) -> tuple[int, ScoringSummary]:
    """Score a file by a job, and return the version and the summary.

    Raises: TableError if the file's name has no known format; JobError, FileError; the client's errors.
    """
    output = output_of(out)
    submitted = client.submit_scoring(
        model,
        file,
        media_type=media_type_of(file),
        alias=alias,
        version=version,
        output=output,
        explain=explain,
        direction=direction,
        **read_as,
    )
    job = client.wait(submitted.id)
    save_result(client, job.id, out)
    result = job.result or {}
    return int(str(result["version"])), ScoringSummary.from_json(result)
