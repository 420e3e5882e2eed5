"""The quota of a key: its datasets and results, with equal bytes counted once."""

from typing import Any

import pytest

from store.artifacts import Artifact
from store.database import Database
from store.datasets import NewDataset, add_dataset
from store.errors import QuotaError
from store.jobs.finish import succeed
from store.keys import create_key
from store.quotas import NO_QUOTA, Quota, check_quota, read_quota
from store.results import add_result
from store.tables import artifacts
from tests.store.world import World, race

FACTS: dict[str, Any] = {"name": "t", "media_type": "text/csv", "id_column": "", "rows": 1, "schema": {}}


def make_key(database: Database, **limits: int) -> str:
    made = database.write(lambda connection: create_key(connection, "k", ["train"], **limits))
    return made.split("_")[1]


def bytes_of(number: int, size: int) -> Artifact:
    return Artifact(f"{number:064}", size, None)  # no file is read


def store(database: Database, owner: str, artifact: Artifact, default: int = 0, target: str = "churned") -> None:
    def add(connection: Any) -> None:
        check_quota(connection, owner, artifact, default=default)
        add_dataset(connection, artifact, NewDataset(target=target, **FACTS), by=owner)

    database.write(add)


def quota(database: Database, owner: str, default: int = 0) -> Quota:
    with database.read() as connection:
        return read_quota(connection, owner, default=default)


def test_a_key_has_its_quota_or_the_default_and_0_is_no_limit(database: Database) -> None:
    plain, own = make_key(database), make_key(database, stored_bytes=70)
    free = make_key(database, stored_bytes=0)
    found = [quota(database, key, 50).most for key in (plain, own, free, "")]
    assert found == [50, 70, 0, 50]
    assert quota(database, plain) == NO_QUOTA


def test_datasets_and_results_of_a_key_count_and_the_same_bytes_once(world: World) -> None:
    database = world.database
    key, other = make_key(database), make_key(database)
    store(database, key, bytes_of(1, 10))
    store(database, key, bytes_of(1, 10), target="left")
    store(database, other, bytes_of(2, 1000))
    mine = world.start(world.queue(kind="scoring", owner=key))

    def end(connection: Any) -> None:
        succeed(connection, mine, {})
        add_result(connection, mine.job_id, bytes_of(3, 5))

    database.write(end)
    assert quota(database, key, 100) == Quota(15, 100)
    database.write(lambda connection: connection.execute(artifacts.update().values(removed_at=artifacts.c.used_at)))
    assert quota(database, key, 100) == Quota(0, 100)


def test_bytes_beyond_the_quota_are_refused_with_the_numbers_and_a_remedy(database: Database) -> None:
    key = make_key(database, stored_bytes=100)
    store(database, key, bytes_of(1, 60))
    with pytest.raises(QuotaError, match=r"stores 60 bytes and may store 100; .* 41 .*DELETE /v1.*--stored-bytes"):
        store(database, key, bytes_of(2, 41))
    store(database, key, bytes_of(3, 40))
    store(database, key, bytes_of(1, 60), target="left")  # counts no bytes
    assert quota(database, key) == Quota(100, 100)


def test_concurrent_uploads_do_not_exceed_a_quota(database: Database) -> None:
    key = make_key(database, stored_bytes=100)
    ended = race(6, lambda number: store(database, key, bytes_of(number, 30)))
    assert sum(isinstance(each, QuotaError) for each in ended) == 3
    assert quota(database, key) == Quota(90, 100)
