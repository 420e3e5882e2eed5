"""Which version scores: where an alias points, as the database said it in the last half second (T13)."""

from app.recent import KEPT_SECONDS, Recent
from store.database import Connection, Database
from store.registry.targets import Target, by_alias, by_version

Place = tuple[str, str | int]
"""A registered model's name, and an alias or a version's number."""


class Pointers:
    """Where aliases point, and what versions hold."""

    def __init__(self, database: Database, seconds: float = KEPT_SECONDS) -> None:
        self._recent: Recent[Place, Target] = Recent(database, _look, seconds)

    def find(self, model: str, pointer: str | int) -> Target:
        """Return what an alias points at, or the version of a number.

        Raises: NotFoundError; DatabaseError where it cannot be told.
        """
        target = self._recent.get((model, pointer))
        assert target is not None  # noqa: S101 - the look raises where there is none
        return target

    def forget(self, model: str, alias: str) -> None:
        """Look again next time: this process has moved the alias itself."""
        self._recent.forget((model, alias))


def _look(connection: Connection, place: Place) -> Target:
    model, pointer = place
    if isinstance(pointer, int):
        return by_version(connection, model, pointer)
    return by_alias(connection, model, pointer)
