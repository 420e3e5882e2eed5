"""Random disturbances of a service, and their counts."""

import contextlib
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psutil
import redis
from sqlalchemy import select, update

from store.clock import now
from store.doorbell import CeleryDoorbell
from store.errors import BrokerError, DatabaseError
from store.ids import new_id
from store.tables import checkpoints, jobs
from tests.chaos.invariants import children_of
from tests.chaos.service import Service
from tests.parts.crashing_postgres import CrashingPostgres


@dataclass
class Frozen:
    """A process that is stopped until it loses its job."""

    process: psutil.Process
    job_id: str
    token: int
    since: float = field(default_factory=time.monotonic)


@dataclass
class Chaos:
    """The disturbances of a service by name, with their counts in `done`."""

    service: Service
    random: random.Random
    postgres: CrashingPostgres | None
    done: Counter[str] = field(default_factory=Counter)
    frozen: list[Frozen] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)

    def disturb(self, name: str) -> None:
        """Do this, if it has a target now."""
        action: Callable[[], bool] = getattr(self, name)
        with contextlib.suppress(psutil.NoSuchProcess, BrokerError, redis.RedisError, DatabaseError, IndexError):
            self.done[name] += action()

    def _running(self) -> list[Any]:
        with self.service.database.read() as connection:
            return list(connection.execute(select(jobs).where(jobs.c.state == "running")))

    def _worker(self) -> list[psutil.Process]:
        names = [name for name in self.service.fleet.programs if name.startswith("worker")]
        return self.service.fleet.family(self.random.choice(names))

    def kill_worker(self) -> bool:
        self._worker()[0].kill()
        return True

    def kill_worker_with_checkpoint(self) -> bool:
        """Another worker can then resume."""
        with self.service.database.read() as connection:
            kept = set(connection.execute(select(checkpoints.c.job_id)).scalars())
        for child in children_of({row.id: row for row in self._running() if row.id in kept}):
            child.parent().kill()
            return True
        return False

    def kill_child(self) -> bool:
        self.random.choice(children_of({row.id: row for row in self._running()})).kill()
        return True

    def stop_worker(self) -> bool:
        self._worker()[0].terminate()
        return True

    def freeze_child(self) -> bool:
        """Stop a training with heartbeats; `thaw` continues it when it has lost its job."""
        held = {frozen.job_id for frozen in self.frozen}
        for row in self._running():
            if row.progress_done and row.id not in held and len(self.frozen) < 2:
                for child in children_of({row.id: row}):
                    child.suspend()
                    self.frozen.append(Frozen(child, row.id, row.token))
                    return True
        return False

    def thaw(self, *, all_of_them: bool = False) -> None:
        for frozen in list(self.frozen):
            row = self.service.row(frozen.job_id)
            # A process stopped in the middle of a write holds the lock of the SQLite database.
            too_long = time.monotonic() - frozen.since > 3 * self.service.fleet.settings.lease_seconds
            if all_of_them or too_long or (row.state, row.token) != ("running", frozen.token):
                self.frozen.remove(frozen)
                with contextlib.suppress(psutil.NoSuchProcess):
                    frozen.process.resume()
                    self.done["woken too late"] += 1

    def freeze_worker(self) -> bool:
        """Stop a whole worker for less than its lease."""
        family = self._worker()
        for process in family:
            process.suspend()
        time.sleep(self.random.uniform(0.2, 1.0))
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        return bool(family)

    def kill_web(self) -> bool:
        self.random.choice(self.service.fleet.family("web")).kill()
        return True

    def _redis(self) -> redis.Redis:
        socket = self.service.fleet.settings.redis_url.removeprefix("redis+socket://").replace("%2F", "/")
        return redis.Redis(unix_socket_path=socket, socket_timeout=2)

    def flush_broker(self) -> bool:
        with self._redis() as client:
            client.flushall()
        return True

    def lose_broker(self) -> bool:
        """Kill it, and start the next one empty."""
        broker = self.service.fleet.broker
        assert broker is not None
        assert broker.process is not None
        broker.process.kill()
        broker.process.wait()
        shutil.rmtree(self.service.fleet.settings.home / "broker" / "appendonlydir", ignore_errors=True)
        return True

    def crash_database(self) -> bool:
        if self.postgres is None:  # with SQLite, a process killed in the middle of a write is the crashing server
            return False
        self.postgres.crash()
        time.sleep(self.random.uniform(0.0, 1.0))
        self.postgres.start()
        return True

    def ring_again(self) -> bool:
        """Publish jobs that wait, run or have ended."""
        bell = CeleryDoorbell(self.service.fleet.settings.redis_url)
        for job_id in self.random.choices(sorted(self.service.acknowledged), k=3):
            bell.ring(job_id, "training")
        return True

    def forge(self) -> bool:
        bell = CeleryDoorbell(self.service.fleet.settings.redis_url)
        for job_id in (new_id(), "nonsense", "'; DROP TABLE jobs; --"):
            bell.ring(job_id, self.random.choice(["training", "scoring", "replay"]))
        return True

    def cancel(self) -> bool:
        acknowledged = sorted(self.service.acknowledged)
        job_id = self.random.choice(self.random.choice((acknowledged, acknowledged[-3:])))  # the newest run or wait
        answer = self.service.post(f"/v1/jobs/{job_id}/cancel")
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200 and answer.json()["state"] != "succeeded":
            self.cancelled.add(job_id)
        return answer.status_code == 200

    def pass_delays(self) -> bool:
        """Skip the back-off of jobs with strikes, which would take hours."""
        waiting = (jobs.c.state == "queued", jobs.c.run_after > now())
        change = update(jobs).where(*waiting).values(run_after=now())
        return bool(self.service.database.write(lambda connection: connection.execute(change).rowcount))

    def end(self) -> None:
        """Continue all stopped processes, and stop disturbing."""
        self.thaw(all_of_them=True)
        for process in [p for name in self.service.fleet.programs for p in self.service.fleet.family(name)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
