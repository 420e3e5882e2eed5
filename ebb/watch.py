"""Watches a job until it ends, by its event stream, or by polling if no stream is available."""

import math
import time

import msgspec
from rich.console import Console

from ebb.answers import Epoch, Job, JobChange, JobEvent
from ebb.client import Client
from ebb.display import Display, display_on
from ebb.errors import BusyError, JobError, UnreachableError, UnreadableError
from ebb.leaderboard import updated
from ebb.server_sent_events import ServerSentEvent
from store.job_states import JobState

POLL_SECONDS = 0.5
RECONNECT_SECONDS = 0.5
AWAY_SECONDS = 30.0  # how long the service may be unreachable, for example during a restart


def watch_job(client: Client, job_id: str, console: Console, max_seconds: float = math.inf) -> tuple[Job, list[Epoch]]:
    """Display a job until it ends, and return it with its epochs.

    Raises: JobError if it does not end in time; the client's errors.
    """
    give_up = time.monotonic() + max_seconds
    with display_on(console) as display:
        watched = Watched(client, client.job(job_id), display)
        while not watched.job.finished:
            if time.monotonic() > give_up:
                raise JobError(_too_late(watched.job, max_seconds))
            try:
                watched.follow(give_up)
            except BusyError:
                watched.poll()
        watched.complete()
        return watched.job, watched.epochs


class Watched:
    """A job and its known epochs, displayed after each change."""

    def __init__(self, client: Client, job: Job, display: Display) -> None:
        self.job = job
        self.epochs: list[Epoch] = []
        self._client = client
        self._display = display
        self._last: str | None = None
        self._heard_at = time.monotonic()
        self._display.show(job, [])

    def follow(self, give_up: float) -> None:
        """Resume the event stream, and follow it until it ends.

        Raises: UnreachableError once the service is unreachable for too long; BusyError if its streams are all taken.
        """
        try:
            for one in self._client.follow(self.job.id, self._last):
                self._heard_at = time.monotonic()
                self._take(one)
                if self._heard_at > give_up:
                    return
            self.job = self._client.job(self.job.id)
        except UnreachableError:
            if time.monotonic() - self._heard_at > AWAY_SECONDS:
                raise
        if not self.job.finished:
            time.sleep(RECONNECT_SECONDS)

    def poll(self) -> None:
        """Read the job once, and wait a little."""
        before, self.job = self.job, self._client.job(self.job.id)
        if self.job.has_epochs and self.job.progress != before.progress:
            self._read_epochs()
        self._display.show(self.job, self.epochs)
        if not self.job.finished:
            time.sleep(POLL_SECONDS)

    def complete(self) -> None:
        """Fetch the missing epochs of the finished job, and display it for the last time."""
        done = self.job.progress.done if self.job.progress else 0
        if self.job.has_epochs and (self.epochs[-1].epoch if self.epochs else 0) != done:
            self._read_epochs()
        self._display.show(self.job, self.epochs)

    def _read_epochs(self) -> None:
        self.epochs = list(self._client.epochs(self.job.id))

    def _take(self, one: ServerSentEvent) -> None:
        try:
            if one.event == "epoch":
                epoch = msgspec.json.decode(one.data, type=Epoch)
                # An attempt that began again has put its epochs in the place of others.
                while self.epochs and self.epochs[-1].epoch >= epoch.epoch:
                    self.epochs.pop()
                self.epochs.append(epoch)
            elif one.event == "standing":
                new = msgspec.json.decode(one.data, type=JobEvent).data
                self.job = msgspec.structs.replace(self.job, leaderboard=updated(self.job.leaderboard or [], new))
            elif one.event == "restarted":
                self.job = msgspec.structs.replace(self.job, leaderboard=None)
            elif one.event == "progress":
                change = msgspec.json.decode(one.data, type=JobChange)
                self.job = msgspec.structs.replace(self.job, **msgspec.structs.asdict(change))
        except msgspec.DecodeError as error:
            raise UnreadableError(f"this client cannot read the events of job {self.job.id}: {error}") from error
        self._last = one.id or self._last
        self._display.show(self.job, self.epochs)


def _too_late(job: Job, max_seconds: float) -> str:
    if job.state == JobState.QUEUED:
        return f"no worker took {job.kind} job {job.id} in {max_seconds:.0f} s; is one running?"
    return f"{job.kind} job {job.id} was still {job.state} after {max_seconds:.0f} s"
