"""Rollbacks: moves an alias back to its version before."""

from flask import Response

from app.edge.exchange import caller_name
from app.edge.responses import json_answer
from app.routing.paths import ALIAS
from app.routing.route import Header, Route
from app.services import Services
from app.views.aliases import ETAG, Alias, expected_revision, to_alias
from store.database import Connection
from store.ids import new_id
from store.registry.aliases import find_alias, get_alias, moved_by_request
from store.registry.rollback import roll_back
from store.rows import AliasRow


def roll_back_alias(services: Services, name: str, alias: str) -> Response:
    """Move an alias back to its version before; a second call goes back one version more."""
    by, move_id = caller_name(), new_id()

    def back(connection: Connection) -> AliasRow:
        if not moved_by_request(connection, name, alias, move_id):
            revision = expected_revision(find_alias(connection, name, alias), alias)
            roll_back(connection, name, alias, revision=revision, by=by, request=move_id)
        return get_alias(connection, name, alias)

    row = services.database.write(back)
    services.versions.forget(name, alias)
    answer = json_answer(to_alias(row))
    answer.set_etag(str(row.revision))
    return answer


ROUTES = (
    Route(
        "POST",
        f"{ALIAS}/rollback",
        roll_back_alias,
        "promote",
        "Roll an alias back",
        {200: Alias},
        (404, 409, 412),
        headers=(Header("If-Match", "the entity tag of the alias's current revision; 412 if the alias is at another"),),
        answer_headers=(ETAG,),
    ),
)
