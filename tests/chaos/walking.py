"""A random walk of jobs: each step is done in the tables and in the plain model."""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import Connection, select

from store.clock import now
from store.errors import AlreadyFinishedError, IdempotencyError, LeaseLostError, NotRetryableError
from store.ids import new_id
from store.jobs.cancel import cancel
from store.jobs.claim import Claim, claim, claim_next
from store.jobs.deadlines import end_overdue, flag_deadlines
from store.jobs.expire import expire_leases
from store.jobs.finish import end_cancelled, fail, succeed_training
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.publish import take_unpublished
from store.jobs.requeue import requeue, strike
from store.jobs.retry import retry
from store.jobs.submit import submit
from store.tables import checkpoints, job_events, jobs, metadata, versions
from tests.chaos.plain import ENDS, PlainJobs, RefusedError
from tests.store.world import World, checkpoint, epoch

T = TypeVar("T")

LIMIT = 3
MANY = 4  # open jobs, and stored claims
WITH_JOBS = {
    "claims",
    "claims_whose_turn_it_is",
    "cancels",
    "retries",
    "a_lease_runs_out",
    "the_delays_pass",
    "a_deadline_passes",
}
WITH_CLAIMS = {"beats", "succeeds", "fails", "obeys_a_cancel", "hands_back", "strikes"}
WRITES = ("beat", "succeed", "fail", "end_cancelled", "requeue", "strike")
STEPS = (*WRITES, *(f"{write} refused" for write in WRITES), "cancel", "cancel refused", "retry", "retry refused")
REFUSALS = (LeaseLostError, IdempotencyError, AlreadyFinishedError, NotRetryableError)


class Jobs(RuleBasedStateMachine):
    """Does every step in the tables and in the plain model. Both return the same, or both refuse."""

    world: World
    met: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.plain = PlainJobs(LIMIT)
        self.taken: list[Claim] = []
        self.world.database.write(_empty)

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """There is one rule: with many rules, hypothesis would omit some in most runs, and few jobs would progress."""
        alive = [job for job in self.plain.jobs.values() if job.state not in ENDS]
        waiting = any(job.state == "queued" for job in alive)
        cancelling = any(job.cancelling for job in alive)
        weights = {
            "submits": 6 if len(alive) < MANY else 2,
            "claims": 5 if waiting else 1,
            "claims_whose_turn_it_is": 3 if waiting else 1,
            "beats": 4,
            "succeeds": 2,
            "fails": 1,
            "obeys_a_cancel": 10 if cancelling else 1,
            "hands_back": 2,
            "strikes": 3,
            "cancels": 2,
            "retries": 2,
            "a_lease_runs_out": 3,
            "the_delays_pass": 3,
            "a_deadline_passes": 1,
            "a_sweeper_expires": 3,
            "a_sweeper_flags_deadlines": 1,
            "a_sweeper_ends_the_overdue": 1,
            "a_sweeper_publishes": 2,
        }
        early = (set() if self.plain.jobs else WITH_JOBS) | (set() if self.taken else WITH_CLAIMS)
        steps = [name for name, weight in weights.items() if name not in early for _ in range(weight)]
        getattr(self, data.draw(st.sampled_from(steps)))(data)

    def both(self, name: str, step: Callable[[Connection], T], plain: Callable[[], T]) -> T | None:
        """Do a step to both, and return what both answer, or None where both refuse."""
        try:
            wanted: T = plain()
        except RefusedError:
            self.met[f"{name} refused"] += 1
            with pytest.raises(REFUSALS):
                self.world.database.write(step)
            return None
        self.met[name] += 1
        done = self.world.database.write(step)
        assert done == wanted
        return done

    def some_job(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(list(self.plain.jobs)[-MANY:])))

    def some_claim(self, data: st.DataObject, *, cancelling: bool = False) -> Claim:
        """Mostly a late one: an owner's, or that of a zombie which has just lost its job."""
        late = self.taken[-MANY:]
        asked = {
            (job_id, job.token) for job_id, job in self.plain.jobs.items() if job.cancelling and job.state not in ENDS
        }
        fitting = [mine for mine in self.taken if (mine.job_id, mine.token) in asked] if cancelling else []
        return data.draw(st.sampled_from(fitting or late))

    def submits(self, data: st.DataObject) -> None:
        key, seed = data.draw(st.sampled_from([None, None, "a", "b"])), data.draw(st.sampled_from([1, 1, 1, 2]))
        wanted = self.world.submission(owner="o", idempotency_key=key, params={"seed": seed})
        self.both(
            "submit",
            lambda connection: submit(connection, wanted).job_id,
            lambda: self.plain.submit(wanted.job_id, key, (seed,)),
        )

    def claims(self, data: st.DataObject) -> None:
        """A token that was made up is tried later like one that was given."""
        job_id, name = self.some_job(data), f"w#{new_id()}"
        made_up = Claim(job_id, self.plain.jobs[job_id].token + 1)
        mine = self.both(
            "claim",
            lambda c: claim(c, job_id, worker=name, lease_seconds=30.0),
            lambda: None if (token := self.plain.claim(job_id)) is None else Claim(job_id, token),
        )
        self.taken.append(mine or made_up)

    def claims_whose_turn_it_is(self, data: st.DataObject) -> None:
        rung_for, name = self.some_job(data), f"w#{new_id()}"
        waiting = {job_id for job_id, job in self.plain.jobs.items() if self.plain.is_to_be_had(job)}
        mine = self.world.database.write(
            lambda c: claim_next(c, rung_for, kinds=("training",), worker=name, lease_seconds=30.0)
        )
        assert (mine is None) == (not waiting)
        if mine is not None:
            assert mine.job_id in waiting
            assert self.plain.claim(mine.job_id) == mine.token
            self.taken.append(mine)

    def beats(self, data: st.DataObject) -> None:
        mine, state = self.some_claim(data), data.draw(st.sampled_from([None, 1, 2]))
        more: dict[str, Any] = {} if state is None else {"checkpoint": checkpoint(state), "new_epochs": [epoch(state)]}
        self.both(
            "beat",
            lambda c: heartbeat(c, mine, lease_seconds=30.0, progress=JobProgress(1, 10), **more),
            lambda: self.plain.beat(mine.job_id, mine.token, state),
        )

    def succeeds(self, data: st.DataObject) -> None:
        mine = self.some_claim(data)
        self.both(
            "succeed",
            lambda c: succeed_training(c, mine, self.world.version()),
            lambda: self.plain.succeed(mine.job_id, mine.token),
        )

    def fails(self, data: st.DataObject) -> None:
        mine = self.some_claim(data)
        self.both(
            "fail",
            lambda c: fail(c, mine, code="diverged", text="t"),
            lambda: self.plain.fail(mine.job_id, mine.token),
        )

    def obeys_a_cancel(self, data: st.DataObject) -> None:
        mine = self.some_claim(data, cancelling=True)
        self.both(
            "end_cancelled", lambda c: end_cancelled(c, mine), lambda: self.plain.end_cancelled(mine.job_id, mine.token)
        )

    def hands_back(self, data: st.DataObject) -> None:
        mine = self.some_claim(data)
        self.both("requeue", lambda c: requeue(c, mine), lambda: self.plain.requeue(mine.job_id, mine.token))

    def strikes(self, data: st.DataObject) -> None:
        mine = self.some_claim(data)
        self.both(
            "strike",
            lambda c: strike(c, mine, limit=LIMIT, code="worker_crashed", text="t"),
            lambda: self.plain.strike(mine.job_id, mine.token),
        )
        if not self.plain.jobs[mine.job_id].due:  # on a busy machine two seconds pass by themselves
            self.world.alter(mine.job_id, run_after=now(1000.0))

    def cancels(self, data: st.DataObject) -> None:
        job_id = self.some_job(data)
        self.both("cancel", lambda c: cancel(c, job_id, by="o", request=new_id()), lambda: self.plain.cancel(job_id))

    def retries(self, data: st.DataObject) -> None:
        job_id, new = self.some_job(data), new_id()
        self.both(
            "retry",
            lambda c: retry(c, job_id, owner="o", new_job_id=new).job_id,
            lambda: self.plain.retry(job_id, new),
        )

    def a_lease_runs_out(self, data: st.DataObject) -> None:
        job_id = self.some_job(data)
        if self.plain.jobs[job_id].state == "running":
            self.plain.jobs[job_id].lapsed = True
            self.world.lapse(job_id)

    def the_delays_pass(self, _: st.DataObject) -> None:
        for job_id, job in self.plain.jobs.items():
            if not job.due:
                job.due = True
                self.world.alter(job_id, run_after=now(-1.0))

    def a_deadline_passes(self, data: st.DataObject) -> None:
        job_id = self.some_job(data)
        self.plain.jobs[job_id].late = True
        self.world.alter(job_id, created_at=now(-1000.0), deadline_at=now(-1.0))

    def a_sweeper_expires(self, _: st.DataObject) -> None:
        self.both("expire", lambda c: set(expire_leases(c, strike_limit=LIMIT)), self.plain.expire)

    def a_sweeper_flags_deadlines(self, _: st.DataObject) -> None:
        self.both("flag", flag_deadlines, self.plain.flag_deadlines)

    def a_sweeper_ends_the_overdue(self, _: st.DataObject) -> None:
        self.both("end_overdue", lambda c: set(end_overdue(c)), self.plain.end_overdue)

    def a_sweeper_publishes(self, _: st.DataObject) -> None:
        self.both("publish", lambda c: set(take_unpublished(c)), self.plain.publish)

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
