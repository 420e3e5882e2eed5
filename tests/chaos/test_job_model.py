"""Any steps in any order leave the tables where a few lines of plain Python say they should be."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, select

from store.clock import now
from store.database import Database, open_database
from store.errors import AlreadyFinishedError, IdempotencyError, LeaseLostError, NotRetryableError
from store.ids import new_id
from store.jobs.cancel import cancel
from store.jobs.claim import Claim
from store.jobs.deadlines import end_overdue, flag_deadlines
from store.jobs.expire import expire_leases
from store.jobs.finish import end_cancelled, fail
from store.jobs.hand_back import hand_back, strike
from store.jobs.publish import take_unpublished
from store.jobs.retry import retry
from store.jobs.submit import submit
from store.tables import checkpoints, job_events, jobs, metadata, versions
from tests.chaos.plain import PlainJobs, RefusedError
from tests.parts.postgres import Postgres
from tests.store.world import World, checkpoint, epoch, make_world

T = TypeVar("T")

LIMIT = 3
SMALL = [("sqlite",)]
FULL = [("sqlite",), ("postgresql",)]
REFUSALS = (LeaseLostError, IdempotencyError, AlreadyFinishedError, NotRetryableError)


class Jobs(RuleBasedStateMachine):
    """Every step is taken twice, in the tables and in the plain model; both answer it alike, or both refuse it."""

    world: World
    taken = Bundle("taken")

    def __init__(self) -> None:
        super().__init__()
        self.plain = PlainJobs(LIMIT)
        self.world.database.write(_empty)

    def both(self, step: Callable[[Connection], T], plain: Callable[[], T]) -> T | None:
        """Do a step to both, and return what both answer, or None where both refuse."""
        try:
            wanted: T = plain()
        except RefusedError:
            with pytest.raises(REFUSALS):
                self.world.database.write(step)
            return None
        done = self.world.database.write(step)
        assert done == wanted
        return done

    def some(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(list(self.plain.jobs))))

    @rule(key=st.sampled_from([None, None, "a", "b"]), seed=st.sampled_from([1, 1, 1, 2]))
    def submits(self, key: str | None, seed: int) -> None:
        wanted = self.world.submission(owner="o", idempotency_key=key, params={"seed": seed})
        self.both(
            lambda connection: submit(connection, wanted).job_id,
            lambda: self.plain.submit(wanted.job_id, key, (seed,)),
        )

    @precondition(lambda self: self.plain.jobs)
    @rule(target=taken, data=st.data())
    def claims(self, data: st.DataObject) -> tuple[str, int]:
        """Refused claims are kept, too: as those of a worker that made up its token."""
        job_id, before = self.some(data), dict(self.plain.jobs)
        token = self.plain.claim(job_id)
        mine = self.world.claim(job_id, f"w#{new_id()}")
        assert mine == (None if token is None else Claim(job_id, token))
        return job_id, token if token is not None else before[job_id].token + 1

    @rule(claim=taken, state=st.sampled_from([None, 1, 2]))
    def beats(self, claim: tuple[str, int], state: int | None) -> None:
        more: dict[str, Any] = {} if state is None else {"checkpoint": checkpoint(state), "new_epochs": [epoch(state)]}
        try:
            wanted = self.plain.beat(*claim, state)
        except RefusedError:
            with pytest.raises(LeaseLostError):
                self.world.beat(Claim(*claim), **more)
        else:
            assert self.world.beat(Claim(*claim), **more) is wanted

    @rule(claim=taken)
    def succeeds(self, claim: tuple[str, int]) -> None:
        try:
            wanted = self.plain.succeed(*claim)
        except RefusedError:
            with pytest.raises(LeaseLostError):
                self.world.succeed(Claim(*claim))
        else:
            assert self.world.succeed(Claim(*claim)) == wanted

    @rule(claim=taken)
    def fails(self, claim: tuple[str, int]) -> None:
        self.both(lambda c: fail(c, Claim(*claim), code="diverged", text="t"), lambda: self.plain.fail(*claim))

    @rule(claim=taken)
    def obeys_a_cancel(self, claim: tuple[str, int]) -> None:
        self.both(lambda c: end_cancelled(c, Claim(*claim)), lambda: self.plain.end_cancelled(*claim))

    @rule(claim=taken)
    def hands_back(self, claim: tuple[str, int]) -> None:
        self.both(lambda c: hand_back(c, Claim(*claim)), lambda: self.plain.hand_back(*claim))

    @rule(claim=taken)
    def strikes(self, claim: tuple[str, int]) -> None:
        self.both(
            lambda c: strike(c, Claim(*claim), limit=LIMIT, code="worker_crashed", text="t"),
            lambda: self.plain.strike(*claim),
        )

    @precondition(lambda self: self.plain.jobs)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        job_id = self.some(data)
        self.both(lambda c: cancel(c, job_id, by="o", request=new_id()), lambda: self.plain.cancel(job_id))

    @precondition(lambda self: self.plain.jobs)
    @rule(data=st.data())
    def retries(self, data: st.DataObject) -> None:
        job_id, new = self.some(data), new_id()
        self.both(
            lambda c: retry(c, job_id, owner="o", new_job_id=new).job_id == new,
            lambda: self.plain.retry(job_id, new) is None,
        )

    @precondition(lambda self: any(job.state == "running" for job in self.plain.jobs.values()))
    @rule(data=st.data())
    def a_lease_runs_out(self, data: st.DataObject) -> None:
        running = [job_id for job_id, job in self.plain.jobs.items() if job.state == "running"]
        job_id = data.draw(st.sampled_from(running))
        self.plain.jobs[job_id].lapsed = True
        self.world.lapse(job_id)

    @precondition(lambda self: any(not job.due for job in self.plain.jobs.values()))
    @rule()
    def the_delays_pass(self) -> None:
        for job_id, job in self.plain.jobs.items():
            if not job.due:
                job.due = True
                self.world.alter(job_id, run_after=now(-1.0))

    @precondition(lambda self: self.plain.jobs)
    @rule(data=st.data())
    def a_deadline_passes(self, data: st.DataObject) -> None:
        job_id = self.some(data)
        self.plain.jobs[job_id].late = True
        self.world.alter(job_id, created_at=now(-3600.0), deadline_at=now(-1.0))  # a retry gets as much time again

    @rule()
    def a_sweeper_expires(self) -> None:
        self.both(lambda c: set(expire_leases(c, strike_limit=LIMIT)), self.plain.expire)

    @rule()
    def a_sweeper_flags_deadlines(self) -> None:
        self.both(flag_deadlines, self.plain.flag_deadlines)

    @rule()
    def a_sweeper_ends_the_overdue(self) -> None:
        self.both(lambda c: set(end_overdue(c)), self.plain.end_overdue)

    @rule()
    def a_sweeper_publishes(self) -> None:
        self.both(lambda c: set(take_unpublished(c, republish_seconds=60.0)), self.plain.publish)

    @invariant()
    def the_tables_say_what_the_plain_jobs_say(self) -> None:
        with self.world.database.read() as connection:
            rows = connection.execute(select(jobs)).all()
            made = dict(connection.execute(select(versions.c.job_id, versions.c.version)).all())
            kept = dict(connection.execute(select(checkpoints.c.job_id, checkpoints.c.epoch)).all())
            events: dict[str, list[tuple[str, int]]] = defaultdict(list)
            for event in connection.execute(select(job_events).order_by(job_events.c.id)):
                events[event.job_id].append((event.event, event.token))
        assert {row.id for row in rows} == set(self.plain.jobs)
        for row in rows:
            job = self.plain.jobs[row.id]
            assert (row.state, row.token, row.strikes) == (job.state, job.token, job.strikes)
            assert (row.cancel_requested, row.error_code) == (job.cancelling, job.code)
            assert (row.lease_until is not None, row.finished_at is not None) == (
                job.state == "running",
                job.state not in ("queued", "running"),
            )
            assert (made.get(row.id), kept.get(row.id)) == (job.version, job.checkpoint)
            assert events[row.id] == job.events


KEPT = {"artifacts", "datasets", "audit_log"}  # the log can only grow


def _empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        if table.name not in KEPT:
            connection.execute(table.delete())


@pytest.fixture
def world(case: tuple[str], request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if case == ("sqlite",):
        path = tmp_path / "ebb.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        database = open_database(f"sqlite:///{path}")
        yield make_world(database)
        database.close()
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.create_database(template=request.getfixturevalue("postgresql_template"))
    database: Database = open_database(url)
    yield make_world(database)
    database.close()
    server.drop_database(url)


@pytest.mark.timeout(7200)
def test_any_steps_in_any_order_lead_where_the_model_says(world: World, full: bool) -> None:
    machine = type("JobsHere", (Jobs,), {"world": world})
    examples, steps = (2000, 50) if full else (25, 40)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
