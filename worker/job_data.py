"""What every job reads: its own row, the row of its dataset, and that dataset's file."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.tables.file_reading import FILE_WARNINGS, MEDIA_TYPES, FileReading
from store.artifacts import ArtifactStore
from store.database import Connection
from store.datasets import get_dataset
from store.jobs.read import get_job
from store.rows import DatasetRow, JobRow
from store.settings import Settings
from worker.errors import DatasetError

CPU_SECONDS = 0.1  # more than a heartbeat takes of a job that hangs


@dataclass(frozen=True)
class JobData:
    """A job and its dataset."""

    job: JobRow
    dataset: DatasetRow
    artifacts: ArtifactStore

    @classmethod
    def read(cls, connection: Connection, job_id: str, settings: Settings) -> "JobData":
        """Read both rows.

        Raises: NotFoundError; ExpiredError.
        """
        job = get_job(connection, job_id)
        dataset = get_dataset(connection, job.dataset_id)
        return cls(job, dataset, ArtifactStore(settings.artifacts, settings.free_bytes))

    def open_table(self) -> tuple[Path, FileReading]:
        """Return the dataset's file, checked against its digest, and how it is read.

        Raises: ArtifactError; DatasetError.
        """
        path = self.artifacts.open_path(self.dataset.sha256)
        if self.dataset.media_type not in MEDIA_TYPES:
            raise DatasetError(f"dataset {self.dataset.id} is {self.dataset.media_type}, which cannot be read")
        return path, FileReading.of_stored(self.dataset.media_type, self.dataset.schema)

    @property
    def file_warnings(self) -> tuple[dict[str, Any], ...]:
        """The warnings about how the dataset's file is read."""
        return tuple(each for each in self.dataset.schema.get("warnings", ()) if each["code"] in FILE_WARNINGS)

    def check_rows(self, found: int) -> None:
        """Check the number of rows that the file holds against the dataset's row.

        Raises: DatasetError.
        """
        if found != self.dataset.rows:
            raise DatasetError(f"dataset {self.dataset.id} has {found} rows, not {self.dataset.rows}")


def cpu_activity() -> float:
    """Return a number that changes while this process computes."""
    return time.process_time() // CPU_SECONDS
