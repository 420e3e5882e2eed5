"""A dataset is identified by its bytes and its reading options."""

from dataclasses import replace
from pathlib import Path

import pytest

from store.artifacts import Artifact
from store.database import Database
from store.datasets import NewDataset, add_dataset, find_dataset, find_same, get_dataset, list_datasets
from store.errors import NotFoundError
from tests.store.world import race

TABLE = NewDataset("customers", "text/csv", target="churned", id_column="", rows=3, schema={"columns": ["b", "a"]})
BYTES = Artifact("a" * 64, 120, Path("unread"))


def _add(database: Database, dataset: NewDataset = TABLE, artifact: Artifact = BYTES) -> tuple[str, bool]:
    return database.write(lambda connection: add_dataset(connection, artifact, dataset))


def test_a_dataset_returns_its_bytes(database: Database) -> None:
    dataset_id, new = _add(database)
    with database.read() as connection:
        row = get_dataset(connection, dataset_id)
    assert new
    assert {name: getattr(row, name) for name in vars(TABLE)} == vars(TABLE)
    assert (row.sha256, row.size) == (BYTES.sha256, BYTES.size)
    assert list(row.schema["columns"]) == ["b", "a"]


def test_the_same_bytes_read_the_same_way_are_one_dataset(database: Database) -> None:
    first, _ = _add(database)
    assert _add(database, replace(TABLE, name="another name")) == (first, False)


@pytest.mark.parametrize(
    "change", [{"media_type": "x"}, {"target": "left"}, {"id_column": "customer"}, {"read_options": "{}"}], ids=str
)
def test_the_same_bytes_read_another_way_are_another_dataset(database: Database, change: dict[str, str]) -> None:
    first, _ = _add(database)
    other, new = _add(database, replace(TABLE, **change))
    assert new
    assert other != first


def test_four_concurrent_equal_uploads_make_one_dataset(database: Database) -> None:
    results = race(4, lambda _: _add(database))
    assert len({dataset_id for dataset_id, _ in results}) == 1
    assert sorted(new for _, new in results) == [False, False, False, True]


def test_a_missing_dataset_is_not_found(database: Database) -> None:
    with database.read() as connection:
        assert find_dataset(connection, "none") is None
        assert find_same(connection, "b" * 64, TABLE) is None
        with pytest.raises(NotFoundError, match="upload it with POST /v1/datasets"):
            get_dataset(connection, "none")


def test_datasets_come_in_pages_the_newest_first(database: Database) -> None:
    ids = [_add(database, replace(TABLE, target=name))[0] for name in "abc"]
    with database.read() as connection:
        first = list_datasets(connection, page_size=2)
        second = list_datasets(connection, page_size=2, page_token=first.next_token)
    assert [row.id for row in [*first.rows, *second.rows]] == ids[::-1]
    assert second.next_token is None
