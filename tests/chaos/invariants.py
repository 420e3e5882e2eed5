"""The invariants of every job, checked on the tables after all jobs have ended."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

import psutil
from sqlalchemy import Row, select

from store.database import Database
from store.settings import Settings
from store.tables import artifacts, checkpoints, datasets, epochs, job_events, jobs, models, versions
from tests.chaos.undisturbed import Undisturbed

ENDS = ("succeeded", "failed", "cancelled")


class Ended:
    """The tables of jobs after the last job ended.

    `acknowledged` are the acknowledged jobs, `undisturbed` the results of undisturbed work.
    """

    def __init__(self, database: Database, acknowledged: set[str], undisturbed: Undisturbed) -> None:
        with database.read() as connection:
            self.jobs: dict[str, Row[Any]] = {row.id: row for row in connection.execute(select(jobs))}
            self.events = connection.execute(select(job_events).order_by(job_events.c.id)).all()
            self.versions = connection.execute(select(versions).order_by(versions.c.version)).all()
            self.models = connection.execute(select(models)).all()
            self.epochs = connection.execute(select(epochs.c.job_id, epochs.c.epoch)).all()
            self.checkpoints = connection.execute(select(checkpoints.c.job_id)).all()
            self.uploaded = set(connection.execute(select(datasets.c.sha256)).scalars())
            self.noted = set(connection.execute(select(artifacts.c.sha256)).scalars())
        self.acknowledged, self.undisturbed = acknowledged, undisturbed

    def check(self, settings: Settings) -> None:
        """Assert I1 to I9. I10 to I12 depend on the test."""
        self._rows_and_states()
        self._versions_and_bytes()
        self._replays()
        self._files(settings)
        self._events_and_tokens()
        self._nothing_left_over()

    def _rows_and_states(self) -> None:
        assert set(self.jobs) == self.acknowledged  # I1
        assert {row.state for row in self.jobs.values()} <= set(ENDS)  # I2

    def _versions_and_bytes(self) -> None:
        made = Counter(version.job_id for version in self.versions)
        assert made == Counter(row.id for row in self._succeeded("training"))  # I3
        for model in self.models:  # I4
            numbers = [version.version for version in self.versions if version.model == model.name]
            assert numbers == list(range(1, model.last_version + 1)), model.name
        for version in self.versions:
            assert hashlib.sha256(version.estimator).hexdigest() == version.weights_sha256  # I5
            assert version.weights_sha256 == self.undisturbed.weights[version.model], self.story(version.job_id)  # I6
        for row in self._succeeded("training", "replay"):
            numbers = sorted(epoch for job_id, epoch in self.epochs if job_id == row.id)
            assert numbers == list(range(1, len(numbers) + 1)), self.story(row.id)

    def _replays(self) -> None:
        for row in self._succeeded("replay"):
            found = row.result["equal"], row.result["replayed_sha256"]
            assert found == (True, self.undisturbed.weights[row.model]), self.story(row.id)  # I6

    def _files(self, settings: Settings) -> None:
        """Check that the files are those of tables and of scores, and no others."""
        scored = {row.id: row.result["sha256"] for row in self._succeeded("scoring")}
        for job_id, sha256 in scored.items():
            assert sha256 == self.undisturbed.scored, self.story(job_id)  # I6
        wanted = self.uploaded | set(scored.values())
        assert self.noted == wanted
        there = [path for path in settings.artifacts.rglob("*") if path.is_file()]
        assert sorted(path.name for path in there) == sorted(wanted)  # I7
        for path in there:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name  # I5

    def _succeeded(self, *kinds: str) -> list[Row[Any]]:
        return [row for row in self.jobs.values() if row.state == "succeeded" and row.kind in kinds]

    def _events_and_tokens(self) -> None:
        for job_id, row in self.jobs.items():
            mine = [event for event in self.events if event.job_id == job_id]
            assert [event.event for event in mine if event.event in ENDS] == [row.state], self.story(job_id)  # I8
            tokens = [event.token for event in mine if event.event == "running"]
            assert tokens == list(range(1, row.token + 1)), self.story(job_id)  # I9

    def _nothing_left_over(self) -> None:
        assert self.checkpoints == []  # I7
        assert [row.id for row in self.jobs.values() if row.lease_until or (row.worker and row.state == "queued")] == []
        _, alive = psutil.wait_procs(children_of(self.jobs), timeout=10)
        assert alive == []

    def story(self, job_id: str) -> str:
        """Return the events of a job."""
        mine = [event for event in self.events if event.job_id == job_id]
        return "\n".join(f"{event.at} {event.event} {event.token} {event.data}" for event in mine)


def children_of(job_ids: Mapping[str, object]) -> list[psutil.Process]:
    """Return the processes named after a job's id."""
    names = {job_id.rpartition("-")[2] for job_id in job_ids}
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() in names:
                found.append(process)
        except psutil.Error:
            continue
    return found
