"""The plain model of jobs: after every step the tables must equal it."""

from dataclasses import dataclass, field

ENDS = ("succeeded", "failed", "cancelled")


class RefusedError(Exception):
    """The step is not allowed now."""


@dataclass
class PlainJob:
    """One job. Its only times are: due or not, lapsed or not."""

    request: tuple[object, ...]
    state: str = "queued"
    token: int = 0
    strikes: int = 0
    cancelling: bool = False
    due: bool = True
    lapsed: bool = False
    published: bool = False
    late: bool = False
    checkpoint: int | None = None
    code: str | None = None
    version: int | None = None
    events: list[tuple[str, int]] = field(default_factory=list)

    def note(self, event: str) -> None:
        self.events.append((event, self.token))

    def end(self, state: str, code: str | None = None) -> None:
        self.state, self.checkpoint, self.lapsed = state, None, False
        self.code = code
        self.note(state)

    def wait(self, *, due: bool = True) -> None:
        self.state, self.published, self.lapsed, self.due = "queued", False, False, due
        self.note("queued")


@dataclass
class PlainJobs:
    """All jobs, with the steps of the state machine."""

    strike_limit: int
    jobs: dict[str, PlainJob] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    versions: int = 0

    def submit(self, job_id: str, key: str | None, request: tuple[object, ...]) -> str:
        if key is not None and key in self.keys:
            if self.jobs[self.keys[key]].request != request:
                raise RefusedError
            return self.keys[key]
        self.jobs[job_id] = PlainJob(request)
        self.jobs[job_id].note("queued")
        if key is not None:
            self.keys[key] = job_id
        return job_id

    def claim(self, job_id: str) -> int | None:
        job = self.jobs[job_id]
        if not self.is_to_be_had(job):
            return None
        job.state, job.token = "running", job.token + 1
        job.note("running")
        return job.token

    @staticmethod
    def is_to_be_had(job: PlainJob) -> bool:
        return job.state == "queued" and job.due and not job.late

    def held(self, job_id: str, token: int) -> PlainJob:
        job = self.jobs[job_id]
        if job.state != "running" or job.token != token:
            raise RefusedError
        return job

    def wanted(self, job_id: str, token: int) -> PlainJob:
        job = self.held(job_id, token)
        if job.cancelling:
            raise RefusedError
        return job

    def beat(self, job_id: str, token: int, checkpoint: int | None) -> bool:
        job = self.held(job_id, token)
        job.lapsed = False
        job.checkpoint = job.checkpoint if checkpoint is None else checkpoint
        return job.cancelling

    def succeed(self, job_id: str, token: int) -> int:
        job = self.jobs[job_id]
        if job.state == "succeeded" and job.token == token:
            assert job.version is not None
            return job.version
        self.wanted(job_id, token).end("succeeded")
        self.versions += 1
        job.version = self.versions
        return job.version

    def fail(self, job_id: str, token: int) -> None:
        self.held(job_id, token).end("failed", "diverged")

    def end_cancelled(self, job_id: str, token: int) -> None:
        job = self.held(job_id, token)
        if not job.cancelling:
            raise RefusedError
        job.end("cancelled", job.code or "cancelled")

    def requeue(self, job_id: str, token: int) -> None:
        self.wanted(job_id, token).wait()

    def strike(self, job_id: str, token: int) -> str:
        job = self.wanted(job_id, token)
        job.strikes += 1
        if job.strikes >= self.strike_limit:
            job.end("failed", "worker_crashed")
        else:
            job.wait(due=False)
        return job.state

    def expire(self) -> set[str]:
        lost = {job_id for job_id, job in self.jobs.items() if job.state == "running" and job.lapsed}
        for job in (self.jobs[job_id] for job_id in lost):
            if job.cancelling:
                job.end("cancelled", job.code or "cancelled")
                continue
            job.strikes += 1
            if job.strikes >= self.strike_limit:
                job.end("failed", "lease_lost_too_often")
            else:
                job.wait(due=job.due)
        return lost

    def publish(self) -> set[str]:
        found = {i for i, job in self.jobs.items() if job.state == "queued" and job.due and not job.published}
        for job_id in found:
            self.jobs[job_id].published = True
        return found

    def flag_deadlines(self) -> int:
        late = [job for job in self.jobs.values() if job.state == "running" and job.late and not job.cancelling]
        for job in late:
            job.cancelling, job.code = True, "deadline"
            job.note("cancel_requested")
        return len(late)

    def end_overdue(self) -> set[str]:
        overdue = {job_id for job_id, job in self.jobs.items() if job.state == "queued" and job.late}
        for job_id in overdue:
            self.jobs[job_id].end("failed", "deadline")
        return overdue

    def cancel(self, job_id: str) -> None:
        job = self.jobs[job_id]
        if job.state in ENDS:
            raise RefusedError
        if job.state == "queued":
            job.cancelling = True
            job.end("cancelled", "cancelled")
        else:
            job.cancelling = True
            job.note("cancel_requested")

    def retry(self, job_id: str, new_id: str) -> str:
        old = self.jobs[job_id]
        if old.state not in ("failed", "cancelled"):
            raise RefusedError
        return self.submit(new_id, None, (*old.request, job_id))
