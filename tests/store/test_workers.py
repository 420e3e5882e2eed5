"""A worker is alive if the database saw it recently."""

from sqlalchemy import update

from store.clock import now
from store.database import Database
from store.tables import workers
from store.workers import count_alive, find_unserved, most_job_bytes, register_worker, unregister_worker
from tests.store.world import make_world


def _sign_in(database: Database, *names: str) -> None:
    for name in names:
        database.write(lambda connection, name=name: register_worker(connection, name))


def _seen(database: Database, name: str, seconds_ago: float) -> None:
    statement = update(workers).where(workers.c.name == name).values(seen_at=now(-seconds_ago))
    database.write(lambda connection: connection.execute(statement))


def _alive(database: Database, **where: str) -> int:
    with database.read() as connection:
        return count_alive(connection, within_seconds=15.0, **where)


def test_a_worker_that_signs_in_again_is_one_worker(database: Database) -> None:
    _sign_in(database, "a:1", "b:1", "a:1")
    assert _alive(database) == 2


def test_a_worker_is_alive_while_it_was_seen_recently(database: Database) -> None:
    _sign_in(database, "a:1")
    _seen(database, "a:1", 16.0)
    assert _alive(database) == 0
    _sign_in(database, "a:1")
    assert _alive(database) == 1


def test_a_worker_that_signs_out_is_removed(database: Database) -> None:
    _sign_in(database, "a:1", "b:1")
    database.write(lambda connection: unregister_worker(connection, "a:1"))
    assert _alive(database) == 1


def test_workers_of_one_host_are_counted_by_its_whole_name(database: Database) -> None:
    _sign_in(database, "a:1", "a:2", "ab:1", "x%:1", "xy:1")
    assert (_alive(database, host="a"), _alive(database, host="x%")) == (2, 1)


def test_workers_not_seen_for_a_day_are_forgotten(database: Database) -> None:
    _sign_in(database, "old", "new")
    _seen(database, "old", 25 * 3600.0)
    _sign_in(database, "new")
    with database.read() as connection:
        assert connection.execute(workers.select()).all()[0].name == "new"


def test_a_kind_is_unserved_while_its_jobs_wait_and_no_living_worker_takes_it(database: Database) -> None:
    world = make_world(database)

    def unserved() -> list[str]:
        with database.read() as connection:
            return find_unserved(connection, within_seconds=15.0)

    assert unserved() == []
    world.queue()
    scoring = world.queue(kind="scoring")
    assert unserved() == ["scoring", "training"]
    database.write(lambda connection: register_worker(connection, "a:1", ["training"]))
    assert unserved() == ["scoring"]
    world.cancel(scoring)
    assert unserved() == []
    _seen(database, "a:1", 16.0)
    assert unserved() == ["training"]


def test_a_worker_of_an_earlier_release_serves_every_kind(database: Database) -> None:
    make_world(database).queue()
    _sign_in(database, "a:1")
    database.write(lambda connection: connection.execute(update(workers).values(kinds=None)))
    with database.read() as connection:
        assert find_unserved(connection, within_seconds=15.0) == []


def test_the_memory_of_a_job_is_the_most_that_a_living_worker_of_its_kind_gives(database: Database) -> None:
    def most(kind: str) -> int | None:
        with database.read() as connection:
            return most_job_bytes(connection, kind, within_seconds=15.0)

    assert most("training") is None
    for name, kinds, given in (("a:1", ["training"], 2**30), ("b:1", ["scoring"], 2**40), ("c:1", ["training"], 2**31)):
        database.write(lambda c, name=name, kinds=kinds, given=given: register_worker(c, name, kinds, job_bytes=given))
    _sign_in(database, "of an earlier release")
    assert most("training") == 2**31
    _seen(database, "c:1", 16.0)
    assert most("training") == 2**30
