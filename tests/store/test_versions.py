"""Versions store the result of a training. Reading checks their bytes."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import StatementError

from store.errors import ArtifactError, NotFoundError
from store.registry.versions import estimator_digest, get_version, list_models, list_versions, load_estimator
from store.tables import versions
from tests.store.world import World


def test_a_version_returns_its_bytes(world: World) -> None:
    facts = {"spec": {"epochs": 50}, "columns": [{"name": "Months"}], "metrics": {"auc": 0.84}}
    world.succeed(world.start(), estimator=b"\x00\xffbytes", environment={"numpy": "2"}, **facts)
    with world.database.read() as connection:
        row = get_version(connection, "churn", 1)
        estimator = load_estimator(connection, "churn", 1)
    assert {name: getattr(row, name) for name in facts} == facts
    assert (row.environment, row.data_sha256, row.dataset_id) == ({"numpy": "2"}, "d" * 64, world.dataset_id)
    assert estimator == b"\x00\xffbytes"


def test_reading_a_version_does_not_load_its_bytes(world: World) -> None:
    world.succeed(world.start())
    with world.database.read() as connection:
        assert "estimator" not in vars(get_version(connection, "churn", 1))


def test_damaged_bytes_are_detected(world: World) -> None:
    world.succeed(world.start())
    world.database.write(lambda connection: connection.execute(update(versions).values(estimator=b"bytez")))
    with world.database.read() as connection, pytest.raises(ArtifactError, match="churn version 1 is damaged"):
        load_estimator(connection, "churn", 1)


def test_versions_with_other_bytes_have_other_digests(world: World) -> None:
    world.succeed(world.start(), estimator=b"a")
    world.succeed(world.start(), estimator=b"b")
    with world.database.read() as connection:
        assert estimator_digest(connection, "churn", 1) != estimator_digest(connection, "churn", 2)


@pytest.mark.parametrize("look", [get_version, load_estimator, estimator_digest])
def test_an_unknown_version_is_said_to_be_unknown(world: World, look) -> None:
    world.succeed(world.start())
    with world.database.read() as connection, pytest.raises(NotFoundError, match="'churn' has no version 2"):
        look(connection, "churn", 2)


def test_models_are_listed_by_name_and_versions_newest_first(world: World) -> None:
    for model in ("b", "a", "b"):
        world.succeed(world.start(), model=model)
    with world.database.read() as connection:
        assert [(row.name, row.last_version) for row in list_models(connection, page_size=9).rows] == [
            ("a", 1),
            ("b", 2),
        ]
        assert [row.version for row in list_versions(connection, "b", page_size=9).rows] == [2, 1]
        with pytest.raises(NotFoundError, match="no model 'c'"):
            list_versions(connection, "c", page_size=9)


def test_a_metric_that_is_not_a_number_is_refused_on_both_databases(world: World) -> None:
    mine = world.start()
    before = world.snapshot()
    with pytest.raises((StatementError, ValueError), match="not JSON compliant"):
        world.succeed(mine, metrics={"auc": float("nan")})
    assert world.snapshot() == before
