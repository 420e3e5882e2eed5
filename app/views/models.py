"""Registered models and their immutable versions."""

from typing import Any

import msgspec
from flask import Response

from app.access.access_control import require_submitter
from app.edge.exchange import caller_name
from app.edge.responses import conditional, json_answer, no_content
from app.routing.paths import VERSION
from app.routing.route import Route
from app.schemas.field_types import JsonObject, PageQuery, Time, time_text
from app.services import Services
from app.views.aliases import Alias, to_alias
from store.jobs.read import get_job
from store.registry.aliases import list_aliases
from store.registry.version_deletion import delete_version as remove_version
from store.registry.version_deletion import find_version_job
from store.registry.versions import get_model, get_version, list_models, list_versions, load_estimator
from store.rows import VersionRow


class RegisteredModel(msgspec.Struct, frozen=True):
    """A name under which versions are registered."""

    name: str
    last_version: int
    created_at: Time


class ModelDetails(msgspec.Struct, frozen=True):
    """A registered model with its aliases, by name."""

    name: str
    last_version: int
    created_at: Time
    aliases: list[Alias]


class ModelPage(msgspec.Struct, frozen=True):
    """Some registered models, by name."""

    models: list[RegisteredModel]
    next_page_token: str | None


class Version(msgspec.Struct, frozen=True):
    """An immutable result of training."""

    model: str
    version: int
    job_id: str
    dataset: str
    data_sha256: str
    spec: JsonObject
    columns: Any
    metrics: JsonObject
    environment: JsonObject
    weights_sha256: str
    created_at: Time


class VersionPage(msgspec.Struct, frozen=True):
    """Some versions of a model, the newest first."""

    versions: list[Version]
    next_page_token: str | None


SAFETENSORS = "application/octet-stream"


def show_models(services: Services, query: PageQuery) -> Response:
    """List the registered models, by name."""
    with services.database.read() as connection:
        page = list_models(connection, page_size=query.page_size, page_token=query.page_token)
    rows = [RegisteredModel(row.name, row.last_version, str(time_text(row.created_at))) for row in page.rows]
    return conditional(json_answer(ModelPage(rows, page.next_token)))


def show_model(services: Services, name: str) -> Response:
    """Return a registered model with its aliases."""
    with services.database.read() as connection:
        row = get_model(connection, name)
        aliases = [to_alias(each) for each in list_aliases(connection, name)]
    return conditional(json_answer(ModelDetails(row.name, row.last_version, str(time_text(row.created_at)), aliases)))


def show_versions(services: Services, name: str, query: PageQuery) -> Response:
    """List a model's versions, the newest first."""
    with services.database.read() as connection:
        page = list_versions(connection, name, page_size=query.page_size, page_token=query.page_token)
    return conditional(json_answer(VersionPage([_to_version(row) for row in page.rows], page.next_token)))


def show_version(services: Services, name: str, version: int) -> Response:
    """Return a version without its weights."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
    return conditional(json_answer(_to_version(row)))


def download_weights(services: Services, name: str, version: int) -> Response:
    """Return a version's estimator as a safetensors file."""
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        data = load_estimator(connection, name, version)
    answer = Response(data, mimetype=SAFETENSORS)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{version}.safetensors"'
    return conditional(answer, row.weights_sha256)


def delete_version(services: Services, name: str, version: int) -> Response:
    """Delete a version with its weights; deleting it again changes nothing. No later version gets its number.

    409 while an alias points at it or an unfinished job uses it. The caller needs the key that submitted its training,
    or a key with the scope `admin`.
    """
    with services.database.read() as connection:
        made_by = find_version_job(connection, name, version)
        if made_by is not None:
            require_submitter(get_job(connection, made_by))
    by = caller_name()
    services.database.write(lambda connection: remove_version(connection, name, version, by=by))
    services.versions.forget_version(name, version)
    return no_content()


def _to_version(row: VersionRow) -> Version:
    return Version(
        model=row.model,
        version=row.version,
        job_id=row.job_id,
        dataset=row.dataset_id,
        data_sha256=row.data_sha256,
        spec=row.spec,
        columns=row.columns,
        metrics=row.metrics,
        environment=row.environment,
        weights_sha256=row.weights_sha256,
        created_at=str(time_text(row.created_at)),
    )


ROUTES = (
    Route("GET", "/v1/models", show_models, "read", "List registered models", {200: ModelPage}, (422,), PageQuery),
    Route(
        "GET",
        "/v1/models/{name}/versions",
        show_versions,
        "read",
        "List versions",
        {200: VersionPage},
        (404, 422),
        PageQuery,
    ),
    Route("GET", "/v1/models/{name}", show_model, "read", "Read a registered model", {200: ModelDetails}, (404,)),
    Route("DELETE", VERSION, delete_version, "train", "Delete a version", {204: None}, (404, 409)),
    Route("GET", VERSION, show_version, "read", "Read a version", {200: Version}, (404,)),
    Route("GET", f"{VERSION}/weights", download_weights, "read", "Download the weights", {200: SAFETENSORS}, (404,)),
)
