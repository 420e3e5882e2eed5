"""Retention of versions: old ones are removed, and those that something needs stay."""

from typing import Any

from sqlalchemy import update

from store.clock import now
from store.database import Database
from store.registry.aliases import AliasUpdate, move_alias
from store.registry.rollback import roll_back
from store.registry.version_deletion import DAY_SECONDS, delete_version, find_old_versions
from store.retention import remove_old_versions
from store.tables import versions
from tests.store.world import World


def move(world: World, version: int, revision: int) -> None:
    world.database.write(lambda connection: move_alias(connection, "churn", "a", AliasUpdate(version, revision, "k")))


def age(database: Database, days: float = 8) -> None:
    old = update(versions).values(created_at=now(-days * DAY_SECONDS))
    database.write(lambda connection: connection.execute(old))


def old(world: World, days: float = 7) -> list[int]:
    with world.database.read() as connection:
        return [row.version for row in find_old_versions(connection, days)]


def train(world: World, n: int) -> None:
    for _ in range(n):
        world.succeed(world.start(world.queue()))


def test_old_versions_go_and_the_newest_and_young_ones_stay(world: World) -> None:
    train(world, 3)
    assert old(world) == []
    age(world.database)
    assert old(world, days=9) == old(world, days=0) == []
    assert old(world) == [1, 2]
    assert [row.version for row in remove_old_versions(world.database, 7)] == [1, 2]
    assert old(world) == []


def test_an_aliases_version_and_the_one_before_it_stay(world: World) -> None:
    train(world, 5)
    age(world.database)
    move(world, 1, 0)
    move(world, 2, 1)
    move(world, 3, 2)
    assert old(world) == [1, 4]
    world.database.write(lambda c: roll_back(c, "churn", "a", revision=3, by="k", request="r1"))
    assert 1 not in old(world), "a second rollback returns to it"


def test_a_version_that_an_unfinished_job_uses_stays(world: World) -> None:
    train(world, 3)
    age(world.database)
    world.queue(kind="scoring", params={"version": 1})
    assert old(world) == [2]


def test_a_version_is_deleted_once(world: World) -> None:
    train(world, 1)

    def delete(connection: Any) -> None:
        delete_version(connection, "churn", 1, by="k")

    for _ in range(2):
        world.database.write(delete)
    assert world.snapshot()["versions"] == []
