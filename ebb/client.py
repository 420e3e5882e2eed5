"""The client of the HTTP API."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from ebb.answers import Alias, AuditLine, Dataset, Diff, Epoch, Job, Move, Scored, Version
from ebb.connection import Connection, decode, decode_part
from ebb.errors import RefusedError, UnreadableError
from ebb.server_sent_events import ServerSentEvent, read_events
from store.registry.aliases import CHAMPION

T = TypeVar("T")

PAGE_SIZE = 200


class Client:
    """The HTTP API, one method a request.

    A request that creates something sends an idempotency key, so that a retry after a 503 never creates two.

    Units: `retry_seconds` over all retries of a request after 429 and 503.
    Raises: every method: UnreachableError, RefusedError, BusyError, UnreadableError.
    """

    def __init__(self, base_url: str, key: str | None = None, *, retry_seconds: float = 30.0) -> None:
        self.base_url = base_url
        self._connection = Connection(base_url, key, retry_seconds=retry_seconds)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._connection.close()

    # Datasets

    def upload_dataset(
        self, table: bytes, *, name: str, target: str, id_column: str = "", media_type: str = "text/csv"
    ) -> Dataset:
        """Upload a table; equal bytes give the same dataset."""
        params = {"name": name, "target": target} | ({"id": id_column} if id_column else {})
        headers = {"Content-Type": media_type, **_idempotency_key()}
        response = self._connection.send("POST", "/v1/datasets", params=params, headers=headers, content=table)
        return decode(response, Dataset)

    # Jobs

    def submit_training(self, model: str, dataset: str, spec: Mapping[str, object], *, promote: str = "never") -> Job:
        """Submit a training of `model` on a dataset by a spec."""
        body = {"model": model, "dataset": dataset, "spec": spec, "promote": promote}
        return decode(self._create("/v1/jobs/training", body), Job)

    def submit_sweep(self, body: Mapping[str, object]) -> Job:
        """Submit a sweep; `body` is that of the request."""
        return decode(self._create("/v1/jobs/sweep", body), Job)

    def submit_scoring(self, model: str, table: Path, *, media_type: str, **options: str | int | None) -> Job:
        """Submit a table to be scored; `options` are alias, version, output, explain and direction."""
        params = {"model": model, **{name: value for name, value in options.items() if value is not None}}
        headers = {"Content-Type": media_type, **_idempotency_key()}
        return decode(
            self._connection.send("POST", "/v1/jobs/scoring", params=params, headers=headers, content=table), Job
        )

    def save_result(self, job_id: str, out: BinaryIO) -> None:
        """Download the result of a scoring job into `out`."""
        self._connection.send("GET", f"{_job(job_id)}/result", save=out)

    def job(self, job_id: str) -> Job:
        """Return a job."""
        return decode(self._get(_job(job_id)), Job)

    def jobs(self, *, state: Iterable[str] = (), kind: Iterable[str] = (), model: str | None = None) -> Iterator[Job]:
        """List the jobs of these states and kinds; each page is fetched when it is needed."""
        wanted = {"state": ",".join(state), "kind": ",".join(kind), "model": model}
        return self._pages("/v1/jobs", "jobs", Job, {name: value for name, value in wanted.items() if value})

    def epochs(self, job_id: str) -> Iterator[Epoch]:
        """List the epochs that a training job has reported."""
        return self._pages(f"{_job(job_id)}/epochs", "epochs", Epoch)

    def follow(self, job_id: str, last: str | None = None) -> Iterator[ServerSentEvent]:
        """Yield the events of a job after the one of this id, until the job or the stream ends."""
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        with self._connection.stream(f"{_job(job_id)}/events", headers=headers) as response:
            yield from read_events(response.iter_text())

    def cancel(self, job_id: str) -> Job:
        """Cancel a job."""
        return decode(self._create(f"{_job(job_id)}/cancel"), Job)

    def retry(self, job_id: str) -> Job:
        """Retry a failed or cancelled job."""
        return decode(self._create(f"{_job(job_id)}/retry"), Job)

    # Registry

    def version(self, model: str, version: int) -> Version:
        """Return a version."""
        return decode(self._get(f"{_model(model)}/versions/{version}"), Version)

    def versions(self, model: str) -> Iterator[Version]:
        """List a model's versions."""
        return self._pages(f"{_model(model)}/versions", "versions", Version)

    def replay(self, model: str, version: int) -> Job:
        """Submit a replay, which trains a version again and compares the bytes."""
        return decode(self._create(f"{_model(model)}/versions/{version}/replay"), Job)

    def evaluate(self, model: str, version: int, dataset: str, **economics: float | None) -> Job:
        """Submit an evaluation of a version on a dataset; `economics` are those of the profit curve."""
        wanted = {name: value for name, value in economics.items() if value is not None}
        return decode(self._create(f"{_model(model)}/versions/{version}/evaluate", {"dataset": dataset, **wanted}), Job)

    def diff(self, model: str, version: int, against: int, **options: str | int | None) -> Diff:
        """Compare two versions; `options` are dataset, threshold, most and explain."""
        wanted = {name: value for name, value in options.items() if value is not None}
        path = f"{_model(model)}/versions/{version}/diff"
        return decode(self._get(path, {"against": against, **wanted}), Diff)

    def alias(self, model: str, alias: str) -> tuple[Alias, str] | None:
        """Return an alias and the entity tag that its next move must send; None if there is no such alias."""
        try:
            response = self._get(f"{_model(model)}/aliases/{quote(alias, safe='')}")
        except RefusedError as error:
            if error.problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        pointer = decode(response, Alias)
        return pointer, response.headers.get("ETag", f'"{pointer.revision}"')

    def move_alias(self, model: str, alias: str, version: int) -> Alias:
        """Move an alias to a version, or create it; refused with 412 if another caller moves it meanwhile."""
        current = self.alias(model, alias)
        condition = {"If-Match": current[1]} if current else {"If-None-Match": "*"}
        response = self._connection.send(
            "PUT",
            f"{_model(model)}/aliases/{quote(alias, safe='')}",
            headers={"Content-Type": "application/json", **condition},
            content=msgspec.json.encode({"version": version}),
        )
        return decode(response, Alias)

    def roll_back(self, model: str, alias: str) -> Alias:
        """Move an alias back to its version before; refused with 409 if there is none, 412 if it moves meanwhile."""
        current = self.alias(model, alias)
        path = f"{_model(model)}/aliases/{quote(alias, safe='')}/rollback"
        return decode(self._post(path, None, headers={"If-Match": current[1]} if current else None), Alias)

    def alias_history(self, model: str, alias: str) -> Iterator[Move]:
        """List the moves of an alias, the latest first."""
        return self._pages(f"{_model(model)}/aliases/{quote(alias, safe='')}/history", "moves", Move)

    # Audit

    def audit(self, *, action: str | None = None, actor: str | None = None) -> Iterator[AuditLine]:
        """List the audit log, the latest line first."""
        wanted = {key: value for key, value in (("action", action), ("actor", actor)) if value}
        return self._pages("/v1/audit", "lines", AuditLine, wanted)

    # Scoring

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
        options = {"explain": explain or None, "direction": direction}
        body = {**customers, **{name: value for name, value in options.items() if value is not None}}
        return decode(self._post(f"{_model(model)}/score", body, params=pointer), Scored)

    def _get(self, path: str, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        return self._connection.send("GET", path, params=params)

    def _create(self, path: str, body: Mapping[str, object] | None = None) -> httpx.Response:
        return self._post(path, body, headers=_idempotency_key())

    def _post(
        self,
        path: str,
        body: Mapping[str, object] | None,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        if body is None:
            return self._connection.send("POST", path, params=params, headers=headers)
        typed = {"Content-Type": "application/json", **(headers or {})}
        return self._connection.send("POST", path, params=params, headers=typed, content=msgspec.json.encode(body))

    def _pages(
        self, path: str, name: str, item_type: type[T], params: Mapping[str, str | int] | None = None
    ) -> Iterator[T]:
        """Yield the items of a list, page by page."""
        wanted: dict[str, str | int] = {"page_size": PAGE_SIZE, **(params or {})}
        while True:
            response = self._get(path, wanted)
            page = decode(response, dict[str, msgspec.Raw])
            if name not in page:
                raise UnreadableError(f"{response.request.url} answered a page without {name!r}")
            yield from decode_part(response, page[name], list[item_type])  # type: ignore[valid-type]  # a type in a variable
            token = decode(response, _Next).next_page_token
            if not token:
                return
            wanted["page_token"] = token


class _Next(msgspec.Struct):
    next_page_token: str | None = None


def _model(name: str) -> str:
    return f"/v1/models/{quote(name, safe='')}"


def _job(job_id: str) -> str:
    return f"/v1/jobs/{quote(job_id, safe='')}"


def _idempotency_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}
