"""A training moves an alias with the rights of the key that submitted it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Row

from store.audit import LOCAL, list_audit
from store.jobs.finish import succeed_training
from store.keys import create_key, revoke_key
from store.registry.aliases import Promotion, alias_history, find_alias
from tests.store.world import World


def promoted(world: World, owner: str) -> Row[Any]:
    """Finish a job of this owner that moves `champion`, if it may; return its row."""
    mine = world.start(world.queue(owner=owner))
    world.database.write(lambda connection: succeed_training(connection, mine, world.version(), Promotion("champion")))
    return world.row(mine.job_id)


@pytest.mark.parametrize("scopes", [["train", "promote"], ["admin"]])
def test_the_mover_is_the_key_that_submitted_the_job(world: World, scopes: list[str]) -> None:
    key_id = world.database.write(lambda connection: create_key(connection, "ci", scopes)).split("_")[1]
    row = promoted(world, key_id)
    with world.database.read() as connection:
        (move,) = alias_history(connection, "churn", "champion", page_size=9).rows
        (line,) = list_audit(connection, action="alias.moved", page_size=9).rows
    assert (row.result["promoted"], move.moved_by, move.job_id) == (True, key_id, row.id)
    assert (line.actor, line.data["job"]) == (key_id, row.id)


def test_a_job_without_an_owner_moves_an_alias_as_local(world: World) -> None:
    row = promoted(world, owner="")
    with world.database.read() as connection:
        (move,) = alias_history(connection, "churn", "champion", page_size=9).rows
    assert (move.moved_by, move.job_id) == (LOCAL, row.id)


@pytest.mark.parametrize("lacks", ["scope", "revoked", "expired"])
def test_a_job_of_a_key_that_may_no_longer_promote_succeeds_and_moves_nothing(world: World, lacks: str) -> None:
    scopes = ["train"] if lacks == "scope" else ["train", "promote"]
    ends = datetime(2020, 1, 1, tzinfo=UTC) if lacks == "expired" else None
    key_id = world.database.write(lambda connection: create_key(connection, "ci", scopes, ends)).split("_")[1]
    if lacks == "revoked":
        world.database.write(lambda connection: revoke_key(connection, key_id))
    row = promoted(world, key_id)
    assert (row.state, row.result["version"], row.result["promoted"]) == ("succeeded", 1, False)
    assert f"key {key_id}" in row.result["reason"]
    with world.database.read() as connection:
        assert find_alias(connection, "churn", "champion") is None
