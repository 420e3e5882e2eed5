"""Scoring jobs: score a dataset, or the table in the body, by the version that the request resolves to."""

from typing import Literal

import msgspec
from flask import Response

from app.edge.exchange import owner
from app.edge.idempotency import idempotency_key
from app.errors import InputError
from app.parsing.request_parsing import body_type, read_body
from app.routing.route import JSON, Route
from app.schemas.customer_scores import CallListRequest, Explain, ReasonDirection
from app.schemas.field_types import DatasetRef, PlainText, Slug, VersionNumber
from app.schemas.file_options import FileOptions
from app.schemas.job_resource import DeadlineSeconds, Job, Priority
from app.scoring.score_customers import check_direction
from app.services import Services
from app.submission.call_list_check import check_call_list
from app.submission.dataset_check import find_usable
from app.submission.submit_job import ANSWER_HEADERS, REQUEST_HEADERS, submit_job
from app.submission.table_type import TABLE_TYPES
from app.submission.upload import Upload, keep_table, receive_table
from model.columns.schema import listed
from model.errors import Problem
from store.alias_names import CHAMPION
from store.jobs.submit import Submission
from store.registry.aliases import get_alias
from store.registry.versions import get_version
from store.rows import DatasetRow, VersionRow

OutputName = Literal["csv", "ndjson", "parquet"]


class ScoringRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dataset to score, the version that scores it, and the format of the result.

    With a `call_list` the result holds only the customers to call, the most profitable first, as NDJSON.
    """

    model: Slug
    dataset: DatasetRef
    alias: Slug | None = None
    version: VersionNumber | None = None
    output: OutputName = "csv"
    explain: Explain = 0
    direction: ReasonDirection | None = None
    call_list: CallListRequest | None = None
    priority: Priority = 0
    deadline_s: DeadlineSeconds | None = None


class ScoringQuery(FileOptions, frozen=True, forbid_unknown_fields=True):
    """The same options if the body is the table itself; `model` is required then."""

    model: Slug | None = None
    alias: Slug | None = None
    version: VersionNumber | None = None
    output: OutputName | None = None
    explain: Explain | None = None
    direction: ReasonDirection | None = None
    priority: Priority | None = None
    deadline_s: DeadlineSeconds | None = None
    name: PlainText | None = None


def submit_scoring(services: Services, query: ScoringQuery) -> Response:
    """Submit a scoring job. The version is resolved now, so that one version scores every row, in retries too.

    The body is either JSON that names a stored dataset, with an empty query, or the table itself, with the options in
    the query.
    """
    media_type, key = body_type((JSON, *TABLE_TYPES)), idempotency_key()
    if media_type == JSON:
        wanted = _of_body(services, query)
        check_direction(wanted.direction, wanted.explain, "/direction")
        version = _resolve_version(services, wanted.model, wanted, "/version")
    else:
        if query.model is None:
            raise InputError.of([Problem("/query/model", "missing", "name the model that scores the table")])
        check_direction(query.direction, query.explain, "/query/direction")
        version = _resolve_version(services, query.model, query, "/query/version")  # before the upload
        wanted = _of_table(services, media_type, query.model, query)
    dataset = _usable(services, wanted, version)
    alias = None if wanted.version is not None else wanted.alias or CHAMPION
    asked: dict[str, object] = {"alias": alias, "output": wanted.output, "explain": wanted.explain}
    if wanted.direction is not None:
        asked["direction"] = wanted.direction
    if wanted.call_list is not None:
        asked["call_list"] = msgspec.to_builtins(wanted.call_list)
    submission = Submission(
        "scoring",
        wanted.model,
        dataset.id,
        {"version": version.version, **asked},
        owner(),
        key,
        priority=wanted.priority,
        deadline_seconds=wanted.deadline_s,
        asked={"version": wanted.version, **asked},
    )
    return submit_job(services, submission)


def _of_body(services: Services, query: ScoringQuery) -> ScoringRequest:
    if query != ScoringQuery():
        raise InputError.of([Problem("/query", "conflict", "a JSON body takes no query: put these into the body")])
    return read_body(ScoringRequest, services.batches)


def _of_table(services: Services, media_type: str, model: str, query: ScoringQuery) -> ScoringRequest:
    with receive_table(services, owner()) as received:
        dataset, _ = keep_table(services, received, Upload(media_type, name=query.name or "", options=query), owner())
    return ScoringRequest(
        model=model,
        dataset=dataset,
        alias=query.alias,
        version=query.version,
        output=query.output or "csv",
        explain=query.explain or 0,
        direction=query.direction,
        priority=query.priority or 0,
        deadline_s=query.deadline_s,
    )


def _resolve_version(services: Services, model: str, wanted: ScoringRequest | ScoringQuery, place: str) -> VersionRow:
    """Return the version that the request names, or the one that its alias points at now.

    Raises: InputError, with this pointer, if both alias and version are given; NotFoundError.
    """
    if wanted.alias is not None and wanted.version is not None:
        raise InputError.of([Problem(place, "conflict", "give alias or version, not both")])
    with services.database.read() as connection:
        number = wanted.version or get_alias(connection, model, wanted.alias or CHAMPION).version
        return get_version(connection, model, number)


def _usable(services: Services, wanted: ScoringRequest, version: VersionRow) -> DatasetRow:
    """Return the dataset; refuse one that is missing, expired, or has none of the version's columns or of the list's.

    Raises: InputError.
    """
    needed = {column["name"] for column in version.columns}
    with services.database.read() as connection:
        dataset, problems = find_usable(connection, wanted.dataset, "/dataset")
    if dataset is None:
        raise InputError.of(problems)
    present = {column["name"] for column in dataset.schema["columns"]} | {dataset.target, dataset.id_column}
    if needed and not needed & present:
        names = listed(sorted(needed))
        text = f"the table has none of the columns that version {version.version} was trained on: {names}"
        raise InputError.of([Problem("/dataset", "conflict", text)])
    if wanted.call_list is not None:
        check_call_list(wanted.call_list, wanted.output, wanted.direction, dataset)
    return dataset


ROUTES = (
    Route(
        "POST",
        "/v1/jobs/scoring",
        submit_scoring,
        "score",
        "Score a whole table",
        {202: Job},
        refusals=(404, 410, 413, 415, 422, 429, 507),
        query=ScoringQuery,
        body=ScoringRequest,
        uploads=TABLE_TYPES,
        headers=REQUEST_HEADERS,
        answer_headers=ANSWER_HEADERS,
    ),
)
