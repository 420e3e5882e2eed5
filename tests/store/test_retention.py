"""Retention removes unused files. It keeps those that a version, a job or another limit needs."""

import os
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from store.artifacts import Artifact, ArtifactStore
from store.clock import now
from store.database import Database
from store.datasets import NewDataset, add_dataset, find_dataset, get_dataset, list_datasets, renew_dataset
from store.errors import ArtifactError, ExpiredError
from store.jobs.finish import fail, succeed
from store.jobs.retry import retry
from store.results import add_result, check_result
from store.retention import DAY_SECONDS, Ages, find_expired, remove_expired
from store.tables import artifacts, audit_log
from tests.store.world import World, race

WEEK = Ages(datasets=7, results=7)


@pytest.fixture
def kept(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts")


def upload(database: Database, kept: ArtifactStore, data: bytes, **how: Any) -> tuple[str, Artifact]:
    artifact = kept.put([data])
    facts: dict[str, Any] = {"media_type": "text/csv", "target": "churned", "id_column": "", "rows": 1, "schema": {}}
    new = NewDataset(name="t", **{**facts, **how})
    dataset_id, _ = database.write(lambda connection: add_dataset(connection, artifact, new, by="k"))
    kept.mark_recorded(artifact.sha256)
    return dataset_id, artifact


def scored(world: World, kept: ArtifactStore, dataset_id: str, data: bytes) -> tuple[str, Artifact]:
    """Run a scoring job to its end; return its id and its result."""
    artifact = kept.put([data])
    mine = world.start(world.queue(kind="scoring", dataset_id=dataset_id))

    def end(connection: Any) -> None:
        succeed(connection, mine, {"sha256": artifact.sha256})
        add_result(connection, mine.job_id, artifact)

    world.database.write(end)
    kept.mark_recorded(artifact.sha256)
    return mine.job_id, artifact


def age(database: Database, days: float = 8) -> None:
    """Set the time of last use of all files."""
    database.write(lambda connection: connection.execute(update(artifacts).values(used_at=now(-days * DAY_SECONDS))))


def removed(database: Database, kept: ArtifactStore, ages: Ages = WEEK) -> set[str]:
    return {each.sha256 for each in remove_expired(database, kept, ages)}


def test_the_hold_out_of_a_job_stays_while_the_job_is_unfinished(world: World, kept: ArtifactStore) -> None:
    holdout, artifact = upload(world.database, kept, b"holdout")
    age(world.database)
    job_id = world.queue(params={"gate": {"dataset": holdout}})
    assert artifact.sha256 not in removed(world.database, kept), "the job uses it now"
    age(world.database)
    assert artifact.sha256 not in removed(world.database, kept), "the job is unfinished"
    world.cancel(job_id)
    assert artifact.sha256 in removed(world.database, kept)


def test_a_job_whose_hold_out_was_removed_is_refused(world: World, kept: ArtifactStore) -> None:
    holdout, _ = upload(world.database, kept, b"holdout")
    age(world.database)
    removed(world.database, kept)
    table, _ = upload(world.database, kept, b"table")
    world.queue(dataset_id=table)
    with pytest.raises(ExpiredError):
        world.queue(dataset_id=table, params={"gate": {"dataset": holdout}})


def test_expired_datasets_and_results_are_removed_and_logged(world: World, kept: ArtifactStore) -> None:
    database = world.database
    dataset_id, table = upload(database, kept, b"table")
    job_id, result = scored(world, kept, dataset_id, b"scores")
    assert removed(database, kept) == set()
    age(database, 6.9)
    assert removed(database, kept) == set()
    age(database)
    with database.read() as connection:
        found = {each.sha256: each for each in find_expired(connection, WEEK)}
    assert (found[table.sha256].datasets, found[result.sha256].results) == ([dataset_id], [job_id])
    assert {table.path.exists(), result.path.exists()} == {True}
    assert removed(database, kept) >= {table.sha256, result.sha256}
    assert {table.path.exists(), result.path.exists()} == {False}
    assert [path for path in kept.folder.iterdir() if path.is_file()] == []
    with database.read() as connection:
        for look in (lambda: get_dataset(connection, dataset_id), lambda: check_result(connection, job_id)):
            with pytest.raises(ExpiredError, match="removed at"):
                look()
        assert dataset_id not in {row.id for row in list_datasets(connection, page_size=10).rows}
        lines = connection.execute(select(audit_log).where(audit_log.c.actor == "retention")).all()
    told = {(line.action, line.subject, line.data["bytes"]) for line in lines}
    assert {("dataset.expired", dataset_id, 5), ("result.expired", job_id, 6)} <= told
    assert removed(database, kept) == set()


@pytest.mark.parametrize(("ages", "goes"), [(Ages(), ""), (Ages(datasets=7), "table"), (Ages(results=7), "scores")])
def test_files_without_a_limit_of_days_are_never_removed(
    world: World, kept: ArtifactStore, ages: Ages, goes: str
) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    _, result = scored(world, kept, dataset_id, b"scores")
    age(world.database, 10_000)
    gone = removed(world.database, kept, ages)
    assert [name for name, each in (("table", table), ("scores", result)) if each.sha256 in gone] == [goes][
        : bool(goes)
    ]


def test_the_dataset_of_a_version_is_never_removed(world: World, kept: ArtifactStore) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    world.succeed(world.start(world.queue(dataset_id=dataset_id)), dataset_id=dataset_id)
    same, _ = upload(world.database, kept, b"table", target="left")
    age(world.database)
    assert table.sha256 not in removed(world.database, kept)
    with world.database.read() as connection:
        assert get_dataset(connection, dataset_id).sha256 == get_dataset(connection, same).sha256


@pytest.mark.parametrize("running", [False, True])
def test_the_dataset_of_an_unfinished_job_is_kept(world: World, kept: ArtifactStore, running: bool) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    job_id = world.queue(dataset_id=dataset_id)
    mine = world.start(job_id) if running else None
    age(world.database)
    assert table.sha256 not in removed(world.database, kept)
    mine = mine or world.start(job_id)
    world.database.write(lambda connection: fail(connection, mine, code="x", text="x"))
    assert table.sha256 in removed(world.database, kept)
    world.refuses(lambda connection: retry(connection, job_id, owner="k", new_job_id="n"), ExpiredError)
    with pytest.raises(ExpiredError, match="upload the table again"):
        world.queue(dataset_id=dataset_id)


def test_a_file_that_is_a_dataset_and_a_result_stays_as_long_as_either(world: World, kept: ArtifactStore) -> None:
    source, _ = upload(world.database, kept, b"source")
    _, result = scored(world, kept, source, b"both")
    upload(world.database, kept, b"both")
    age(world.database)
    assert result.sha256 not in removed(world.database, kept, Ages(datasets=7, results=0))
    assert result.sha256 not in removed(world.database, kept, Ages(datasets=9, results=7))
    assert result.sha256 in removed(world.database, kept)


def test_use_and_repeated_upload_renew_a_dataset(world: World, kept: ArtifactStore) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    age(world.database)
    job_id = world.queue(dataset_id=dataset_id)
    world.cancel(job_id)
    assert table.sha256 not in removed(world.database, kept)
    age(world.database)
    world.database.write(lambda connection: renew_dataset(connection, table, dataset_id, by="k"))
    assert table.sha256 not in removed(world.database, kept)


def test_a_removed_dataset_that_is_uploaded_again_has_its_id_and_a_new_owner(world: World, kept: ArtifactStore) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    age(world.database)
    assert table.sha256 in removed(world.database, kept)
    again = kept.put([b"table"])
    world.database.write(lambda connection: renew_dataset(connection, again, dataset_id, by="another"))
    with world.database.read() as connection:
        assert get_dataset(connection, dataset_id).owner == "another"
    world.database.write(lambda connection: renew_dataset(connection, again, dataset_id, by="third"))
    with world.database.read() as connection:
        assert get_dataset(connection, dataset_id).owner == "another"
    assert kept.open_path(table.sha256).read_bytes() == b"table"


def test_bytes_of_a_running_upload_stay(world: World, kept: ArtifactStore) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    age(world.database)
    kept.put([b"table"])  # the row is not updated yet
    assert table.sha256 not in removed(world.database, kept)
    assert kept.open_path(table.sha256).read_bytes() == b"table"
    with world.database.read() as connection:
        assert get_dataset(connection, dataset_id).removed_at is None


def test_a_file_that_cannot_be_removed_is_reported_and_keeps_its_row(world: World, kept: ArtifactStore) -> None:
    dataset_id, table = upload(world.database, kept, b"table")
    age(world.database)
    away = kept.folder / f".upload-{table.sha256}"
    away.mkdir()
    with pytest.raises(ArtifactError, match="cannot write to"):
        remove_expired(world.database, kept, WEEK)
    with world.database.read() as connection:
        assert get_dataset(connection, dataset_id).removed_at is None
    away.rmdir()
    assert table.sha256 in removed(world.database, kept)


def test_an_already_removed_file_is_recorded_as_removed(world: World, kept: ArtifactStore) -> None:
    """The next run records a file that was removed before its transaction failed."""
    dataset_id, table = upload(world.database, kept, b"table")
    age(world.database)
    table.path.unlink()
    assert table.sha256 in removed(world.database, kept)
    with world.database.read() as connection:
        assert find_dataset(connection, dataset_id).removed_at is not None


def test_concurrent_removals_remove_each_file_once(world: World, kept: ArtifactStore) -> None:
    tables = [upload(world.database, kept, bytes([i]))[1].sha256 for i in range(10)]
    age(world.database)
    found = [sha256 for gone in race(4, lambda _: sorted(removed(world.database, kept))) for sha256 in gone]
    assert sorted(sha256 for sha256 in found if sha256 in tables) == sorted(tables)
    with world.database.read() as connection:
        actions = connection.execute(select(audit_log.c.subject).where(audit_log.c.action == "dataset.expired"))
        subjects = list(actions.scalars())
    assert len(subjects) == len(set(subjects))


def test_jobs_submitted_during_retention_have_their_bytes_or_are_refused(world: World, kept: ArtifactStore) -> None:
    for i in range(20):
        dataset_id, table = upload(world.database, kept, b"table %d" % i)
        age(world.database)
        start, refused = Barrier(2), []

        def ask(dataset_id: str = dataset_id, start: Barrier = start, refused: list[str] = refused) -> None:
            start.wait()
            try:
                world.queue(dataset_id=dataset_id)
            except ExpiredError as error:
                refused.append(str(error))

        asking = Thread(target=ask)
        asking.start()
        start.wait()
        remove_expired(world.database, kept, WEEK)
        asking.join()
        assert bool(refused) != table.path.exists()


def test_uploads_of_the_same_bytes_while_they_are_removed_end_with_the_bytes_there(
    world: World, kept: ArtifactStore
) -> None:
    for i in range(20):
        data = os.urandom(8)
        dataset_id, table = upload(world.database, kept, data)
        age(world.database)
        start = Barrier(2)

        def again(data: bytes = data, dataset_id: str = dataset_id, start: Barrier = start) -> None:
            start.wait()
            artifact = kept.put([data])
            world.database.write(lambda connection: renew_dataset(connection, artifact, dataset_id, by="k"))
            kept.mark_recorded(artifact.sha256)

        sending = Thread(target=again)
        sending.start()
        start.wait()
        remove_expired(world.database, kept, WEEK)
        sending.join()
        assert kept.open_path(table.sha256).read_bytes() == data, i
        with world.database.read() as connection:
            assert get_dataset(connection, dataset_id).removed_at is None
