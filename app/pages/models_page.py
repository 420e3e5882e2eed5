"""The registered models: their list, and a model's versions and aliases, which can be moved and rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.field_types import PageToken
from app.services import Services
from store.alias_names import CHAMPION
from store.database import Connection
from store.registry.aliases import alias_history, list_aliases
from store.registry.rollback import version_before
from store.registry.versions import list_models, list_versions
from store.rows import AliasMoveRow, AliasRow, ModelRow

MODEL = "/models/{name}"
MOST_MOVES = 20
ROWS = 25


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page of a list."""

    page_token: PageToken | None = None


@dataclass(frozen=True)
class ListedModel:
    """A registered model, and the alias that scores by default, if it has one."""

    row: ModelRow
    champion: AliasRow | None


@dataclass(frozen=True)
class MovedAlias:
    """An alias, its last moves, the latest first, and the version that a rollback would move it to, if there is one."""

    row: AliasRow
    moves: Sequence[AliasMoveRow]
    before: int | None


def show_models_page(services: Services, query: ListQuery) -> Response:
    """Show the registered models, by name."""
    with services.database.read() as connection:
        page = list_models(connection, page_size=ROWS, page_token=query.page_token)
        found = [_listed(connection, row) for row in page.rows]
    return render_page("models", models=found, next_token=page.next_token)


def _listed(connection: Connection, row: ModelRow) -> ListedModel:
    aliases = {alias.alias: alias for alias in list_aliases(connection, row.name)}
    return ListedModel(row, aliases.get(CHAMPION))


def show_model_page(services: Services, name: str, query: ListQuery) -> Response:
    """Show a model's aliases with their moves, and its versions, the newest first."""
    with services.database.read() as connection:
        page = list_versions(connection, name, page_size=ROWS, page_token=query.page_token)
        aliases = [_moved(connection, row) for row in list_aliases(connection, name)]
    return render_page("model", name=name, versions=page.rows, aliases=aliases, next_token=page.next_token)


def _moved(connection: Connection, row: AliasRow) -> MovedAlias:
    moves = alias_history(connection, row.model, row.alias, page_size=MOST_MOVES).rows
    return MovedAlias(row, moves, version_before(connection, row.model, row.alias))


ROUTES = (
    page_route("/models", show_models_page, "Models", ListQuery),
    page_route(MODEL, show_model_page, "A model", ListQuery),
)
