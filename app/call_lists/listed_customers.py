"""Reads the call list that a scoring job has written, and keeps the customers that a filter names."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.errors import ResultMissingError
from app.services import Services
from model.columns.cells import Scalar
from store.errors import ArtifactError, NotFoundError
from store.job_states import JobState
from store.jobs.read import get_job
from store.results import check_result
from store.rows import JobRow


class ListedReason(msgspec.Struct, frozen=True, gc=False):
    """A column that raises the customer's risk, in a sentence."""

    column: str
    text: str


class ListedCustomer(msgspec.Struct, frozen=True):
    """A line of a call list. `customer` has the columns of the table; a table without ids has the number of the `row`.

    Units: customer_value and expected_profit in the money of the campaign.
    """

    churn_probability: float
    customer_value: float
    expected_profit: float
    reasons: list[ListedReason]
    customer: dict[str, Scalar]
    customer_id: str | int | None = None
    row: int | None = None

    @property
    def name(self) -> str:
        """The id as a text; the number of the row where the table has no ids."""
        if self.row is not None:
            return f"row {self.row}"
        return "" if self.customer_id is None else str(self.customer_id)


@dataclass(frozen=True)
class ListFilter:
    """Which customers of a list to keep: those with a text in any cell, and those with a column among their reasons."""

    search: str = ""
    reason: str = ""

    def keeps(self, one: ListedCustomer) -> bool:
        """Return whether a customer has both.

        Example:
            >>> anna = ListedCustomer(0.9, 100.0, 20.0, [], {"city": "Ulm"}, "c-1")
            >>> ListFilter("ulm").keeps(anna), ListFilter(reason="city").keeps(anna)
            (True, False)
        """
        if self.reason and all(reason.column != self.reason for reason in one.reasons):
            return False
        wanted = self.search.strip().casefold()
        cells = (one.name, *(str(value) for value in one.customer.values() if value is not None))
        return not wanted or any(wanted in cell.casefold() for cell in cells)


@dataclass(frozen=True)
class StoredCallList:
    """A finished call list: its job, and the file that the job wrote."""

    job: JobRow
    path: Path

    def customers(self, keep: ListFilter) -> Iterator[ListedCustomer]:
        """Yield the customers that the filter keeps, the most profitable first."""
        decode = msgspec.json.Decoder(ListedCustomer).decode
        with self.path.open("rb") as lines:
            yield from filter(keep.keeps, map(decode, lines))

    @property
    def shape(self) -> tuple[list[str], str, int]:
        """The names of the table's columns, the name of the ids, and the most reasons of a customer."""
        told = (self.job.result or {})["call_list"]
        return told["columns"], told["id_name"], int(self.job.params["explain"])


def get_call_list_job(services: Services, job_id: str) -> JobRow:
    """Return the job of a call list, which may not have ended.

    Raises: NotFoundError where there is none, or where the job makes no list.
    """
    with services.database.read() as connection:
        job = get_job(connection, job_id)
    if job.kind != "scoring" or "call_list" not in job.params:
        raise NotFoundError(f"job {job_id} makes no call list; a scoring job with call_list makes one")
    return job


def open_call_list(services: Services, job_id: str) -> StoredCallList:
    """Return the list that a job has written.

    Raises: NotFoundError; ResultMissingError before the job has succeeded; ExpiredError; ArtifactError.
    """
    job = get_call_list_job(services, job_id)
    if job.state != JobState.SUCCEEDED:
        raise ResultMissingError(f"job {job_id} is {job.state}: only a job that has succeeded has a call list")
    with services.database.read() as connection:
        check_result(connection, job_id)
    assert job.result is not None  # noqa: S101 - the job has succeeded
    path = services.artifacts.path(job.result["sha256"])
    if not path.is_file():
        raise ArtifactError(f"artifact {job.result['sha256']} is not there")
    return StoredCallList(job, path)
