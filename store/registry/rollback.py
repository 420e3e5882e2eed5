"""Rolls an alias back to the version that it pointed at before, any number of times."""

from typing import Any

from sqlalchemy import Connection, Row, select

from store.errors import NothingBeforeError
from store.registry.aliases import AliasUpdate, get_alias, move_alias
from store.tables import alias_moves


def roll_back(  # noqa: PLR0913 - what, from where, and who asks
    connection: Connection, model: str, alias: str, *, revision: int, by: str, request: str
) -> int:
    """Undo the last move that was not undone yet, by a new move; return the alias's new revision.

    A second rollback undoes the move before that one, and not the first rollback. The alias must be at `revision`;
    `request` is unique to this request.

    Raises: NotFoundError, StaleRevisionError; NothingBeforeError when only the first move is left.
    """
    standing = _standing(connection, model, alias)
    if standing.from_version is None:
        raise NothingBeforeError(f"alias '{alias}' has pointed at version {standing.to_version} from the beginning")
    move = AliasUpdate(standing.from_version, revision, by, request=request, undoes=standing.revision)
    return move_alias(connection, model, alias, move)


def version_before(connection: Connection, model: str, alias: str) -> int | None:
    """Return the version that a rollback would move the alias to; None when only the first move is left.

    Raises: NotFoundError.
    """
    before: int | None = _standing(connection, model, alias).from_version
    return before


def _standing(connection: Connection, model: str, alias: str) -> Row[Any]:
    """Return the move that is in effect now, past rollbacks and the moves that they undid."""
    query = select(alias_moves).where(alias_moves.c.model == model, alias_moves.c.alias == alias)
    revision = get_alias(connection, model, alias).revision
    move = connection.execute(query.where(alias_moves.c.revision == revision)).one()
    while move.undoes is not None:
        move = connection.execute(query.where(alias_moves.c.revision == move.undoes - 1)).one()
    return move
