"""Jobs: submits, lists, follows, cancels and retries them, and waits for their end."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from ebb.answers import Epoch, Job
from ebb.client.calls import Calls, given, idempotency_key, job_path, model_path
from ebb.connection import decode
from ebb.errors import JobError
from ebb.server_sent_events import ServerSentEvent, read_events
from store.job_states import JobState

POLL_SECONDS = 0.2


class JobCalls(Calls):
    """The requests about jobs. A `dataset` is the id of one, or its name if no other has it."""

    def submit_training(
        self,
        model: str,
        dataset: str,
        spec: Mapping[str, object] | str | None = None,
        *,
        promote: str = "never",
    ) -> Job:
        """Submit a training of `model` by a spec or a preset; by default the service's, which is `auto`.

        `promote` makes the version the champion: "never", "if_better" or "always".
        """
        body = {"model": model, "dataset": dataset, **given(spec=spec), "promote": promote}
        return decode(self._create("/v1/jobs/training", body), Job)

    def submit_sweep(self, body: Mapping[str, object]) -> Job:
        """Submit a sweep; `body` is that of the request."""
        return decode(self._create("/v1/jobs/sweep", body), Job)

    def submit_scoring(self, model: str, table: bytes | Path, *, media_type: str, **options: str | int | None) -> Job:
        """Submit a table to be scored; `options` are alias, version, output, explain and direction."""
        params = {"model": model, **given(**options)}
        headers = {"Content-Type": media_type, **idempotency_key()}
        return decode(
            self._connection.send("POST", "/v1/jobs/scoring", params=params, headers=headers, content=table), Job
        )

    def submit_call_list(
        self, model: str, dataset: str, economics: Mapping[str, object], *, explain: int, **by: str | int | None
    ) -> Job:
        """Submit a call list of a dataset; `by` is an alias or a version."""
        wanted = {"output": "ndjson", "explain": explain, "call_list": economics}
        body = {"model": model, "dataset": dataset, **given(**by), **wanted}
        return decode(self._create("/v1/jobs/scoring", body), Job)

    def delete_result(self, job_id: str) -> None:
        """Delete the result of a scoring job; the job stays."""
        self._delete(f"{job_path(job_id)}/result")

    def save_call_list(self, job_id: str, out: BinaryIO, *, file_format: str = "csv") -> None:
        """Download a call list into `out`, for spreadsheets, as "csv" or "xlsx"."""
        self._connection.send("GET", f"{job_path(job_id)}/call-list", params={"format": file_format}, save=out)

    def replay(self, model: str, version: int) -> Job:
        """Submit a replay, which trains a version again and compares the bytes."""
        return decode(self._create(f"{model_path(model)}/versions/{version}/replay"), Job)

    def evaluate(self, model: str, version: int, dataset: str, **economics: float | None) -> Job:
        """Submit an evaluation of a version on a dataset; `economics` are those of the profit curve."""
        body = {"dataset": dataset, **given(**economics)}
        return decode(self._create(f"{model_path(model)}/versions/{version}/evaluate", body), Job)

    def save_result(self, job_id: str, out: BinaryIO) -> None:
        """Download the result of a scoring job into `out`."""
        self._connection.send("GET", f"{job_path(job_id)}/result", save=out)

    def job(self, job_id: str) -> Job:
        """Return a job."""
        return decode(self._get(job_path(job_id)), Job)

    def jobs(self, *, state: Iterable[str] = (), kind: Iterable[str] = (), model: str | None = None) -> Iterator[Job]:
        """List the jobs of these states and kinds; each page is fetched when it is needed."""
        wanted = {"state": ",".join(state), "kind": ",".join(kind), "model": model}
        return self._pages("/v1/jobs", "jobs", Job, {name: value for name, value in wanted.items() if value})

    def epochs(self, job_id: str) -> Iterator[Epoch]:
        """List the epochs that a training job has reported."""
        return self._pages(f"{job_path(job_id)}/epochs", "epochs", Epoch)

    def follow(self, job_id: str, last: str | None = None) -> Iterator[ServerSentEvent]:
        """Yield the events of a job after the one of this id, until the job or the stream ends."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        with self._connection.stream(f"{job_path(job_id)}/events", headers=headers) as response:
            yield from read_events(response.iter_text())

    def wait(self, job_id: str) -> Job:
        """Wait for a job to end, and return it.

        Raises: JobError if it did not succeed.
        """
        while not (job := self.job(job_id)).finished:
            time.sleep(POLL_SECONDS)
        expect_success(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        return decode(self._create(f"{job_path(job_id)}/cancel"), Job)

    def retry(self, job_id: str) -> Job:
        """Retry a failed or cancelled job."""
        return decode(self._create(f"{job_path(job_id)}/retry"), Job)


def expect_success(job: Job) -> None:
    """Raise the error of a job that did not succeed.

    Raises: JobError.
    """
    if job.state != JobState.SUCCEEDED:
        why = f": {job.error.detail} ({job.error.code})" if job.error else ""
        raise JobError(f"{job.kind} job {job.id} {job.state}{why}")
