"""The client: all requests to one service, and the way from a table to a version."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from types import TracebackType
from typing import Any, Self

from ebb.answers import AuditLine, Scored, Version
from ebb.client.calls import given, model_path
from ebb.client.dataset_calls import DatasetCalls
from ebb.client.job_calls import JobCalls
from ebb.client.listed_calls import ListedCalls, read_calls
from ebb.client.registry_calls import RegistryCalls
from ebb.client.sent_tables import TableToSend, to_send
from ebb.connection import Connection, decode
from ebb.errors import JobError
from model.outputs.writing import ScoringSummary
from store.alias_names import CHAMPION


class Client(DatasetCalls, JobCalls, RegistryCalls):
    """The HTTP API of one service, one method a request; `train` and `wait` put several together.

    A request is repeated after 429 and 503, when the service says that it may, and after a broken connection, if that
    creates nothing twice: requests that create something have an idempotency key.

    Units: `retry_seconds` over all retries of a request, `timeout` in seconds for one answer.
    Raises: every method: UnreachableError, RefusedError, BusyError, UnreadableError, all of them ServiceError.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        retry_seconds: float = 30.0,
        timeout: float = 60.0,
    ) -> None:
        self.base_url = base_url
        super().__init__(Connection(base_url, key, retry_seconds=retry_seconds, timeout=timeout))

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def train(  # noqa: PLR0913 - the options of a training
        self,
        table: TableToSend,
        *,
        target: str,
        id_column: str = "",
        model: str = "churn",
        spec: Mapping[str, object] | str | None = None,
        promote: str = "never",
        name: str | None = None,
    ) -> Version:
        """Upload a table, train on it, wait for the end, and return the version.

        The table is a path, a pandas DataFrame or another table that Arrow reads. `spec` is a training spec or a
        preset; by default the service plans one for the table.

        Raises: JobError if the training did not succeed; TableError if the table cannot be sent.
        """
        sent = to_send(table)
        dataset = self.upload_dataset(
            sent.content, name=name or sent.name, target=target, id_column=id_column, media_type=sent.media_type
        )
        job = self.wait(self.submit_training(model, dataset.id, spec, promote=promote).id)
        return self.version(model, version_of(job.result))

    def call_list(  # noqa: PLR0913 - what a call costs and brings
        self,
        table: TableToSend,
        *,
        model: str = "churn",
        by: str | int | None = None,
        customer_value: float | None = None,
        value_column: str | None = None,
        explain: int = 3,
        **limits: float | bool | None,
    ) -> ListedCalls:
        """Return whom of a table to call, the most profitable first, by the champion, or an alias or a version.

        A customer is worth `customer_value`, or what the `value_column` says; without either, the most endangered come
        first. `limits` are capacity, budget, offer_cost, contact_cost, acceptance, value_times and with_churned.

        Raises: JobError if the job did not succeed; TableError if the table cannot be sent.
        """
        sent = to_send(table)
        dataset = self.upload_dataset(sent.content, name=sent.name, target=None, media_type=sent.media_type)
        if customer_value is None and value_column is None:
            customer_value = 1.0  # the expected profit is then the churn probability
        economics = given(customer_value=customer_value, value_column=value_column, **limits)
        pointer = given(version=by) if isinstance(by, int) else given(alias=by)
        job = self.wait(self.submit_call_list(model, dataset.id, economics, explain=explain, **pointer).id)
        out, result = BytesIO(), job.result or {}
        self.save_result(job.id, out)
        summary: Any = result.get("call_list", {})
        counts, calls = ScoringSummary.from_json(result), read_calls(out.getvalue())
        told = counts.rows, counts.errors, tuple(counts.warnings())
        return ListedCalls(calls, summary, model, version_of(result), job.id, *told)

    def score(
        self,
        model: str,
        customers: Mapping[str, object],
        *,
        by: str | int = CHAMPION,
        explain: int = 0,
        direction: str | None = None,
    ) -> Scored:
        """Score `{"records": [...]}` or `{"columns": {...}}` by an alias, or by the version of a number.

        `explain` is the number of reasons for each customer; `direction` is "raising" or "lowering" for only those.
        """
        pointer: dict[str, str | int] = {"version": by} if isinstance(by, int) else {"alias": by}
        body = {**customers, **given(explain=explain or None), **given(direction=direction)}
        return decode(self._post(f"{model_path(model)}/score", body, params=pointer), Scored)

    def audit(self, *, action: str | None = None, actor: str | None = None) -> Iterator[AuditLine]:
        """List the audit log, the latest line first."""
        return self._pages("/v1/audit", "lines", AuditLine, given(action=action, actor=actor))


def version_of(result: Mapping[str, Any] | None) -> int:
    """Return the version that a job registered or used.

    Raises: JobError.
    """
    version = (result or {}).get("version")
    if not isinstance(version, int):
        raise JobError(f"the job succeeded without naming its version: {result}")
    return version
