"""Sees to it that the workers of `docker compose up --wait --scale worker=4` share the load, and stop without a loss.

It stops the workers and starts them again: the jobs they have in hand are handed back, these and any others. Address
and key of the service come from EBB_URL and EBB_KEY. Run by `make smoke`.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable

from ebb.answers import Job
from ebb.client import Client
from ebb.customers import customers

SHORT = {"epochs": 300, "early_stopping": None}
LONG = {"epochs": 6000, "early_stopping": None}
MANY = 20
PATIENCE_SECONDS = 600.0

SHARES = "SELECT split_part(worker, ':', 1), count(*) FROM jobs WHERE id IN ({ids}) GROUP BY 1 ORDER BY 1"
HANDED_BACK = """
SELECT j.id, j.state, j.strikes, c.epoch, max(e.epoch)
FROM jobs j LEFT JOIN checkpoints c ON c.job_id = j.id LEFT JOIN epochs e ON e.job_id = j.id
WHERE j.id IN ({ids}) GROUP BY j.id, c.epoch
"""
STRIKES = "SELECT sum(strikes), count(*) FILTER (WHERE state = 'succeeded') FROM jobs WHERE id IN ({ids})"


def main() -> int:
    """Print what was seen and return 0, or end at the first thing that is not as promised."""
    workers = compose("ps", "-q", "worker").split()
    with Client(os.environ["EBB_URL"], os.environ["EBB_KEY"], retry_seconds=120.0) as client:
        table = customers(1_000, seed=2).to_csv().encode()
        dataset = client.upload_dataset(table, name="smoke", target="churned", id_column="customer_id").id

        jobs = [client.submit_training("smoke", dataset, {**SHORT, "seed": seed}) for seed in range(MANY)]
        _wait("the short trainings", lambda: all(client.job(job.id).state == "succeeded" for job in jobs))
        shares = query(SHARES, jobs)
        print(f"{MANY} trainings by {len(workers)} workers: " + ", ".join(f"{name} did {n}" for name, n in shares))
        _expect({name for name, _ in shares} == {worker[:12] for worker in workers}, "some worker did nothing")

        jobs = [client.submit_training("smoke", dataset, {**LONG, "seed": seed}) for seed, _ in enumerate(workers)]
        _wait("the long trainings", lambda: all(_begun(client.job(job.id)) for job in jobs))
        begun = time.monotonic()
        compose("stop", "worker")
        took = time.monotonic() - begun
        try:
            for job_id, state, strikes, checkpoint, epoch in query(HANDED_BACK, jobs):
                print(f"{job_id}: {state} with {strikes} strikes, at epoch {epoch}, checkpoint of epoch {checkpoint}")
                _expect((state, strikes, checkpoint) == ("queued", "0", epoch), "not handed back as it stood")
        finally:
            compose("start", "worker")
        _wait("their ends", lambda: all(client.job(job.id).finished_at for job in jobs))
        _expect(query(STRIKES, jobs) == [["0", str(len(jobs))]], "a restart cost a strike, or a job")
    print(f"the workers stopped within {took:.0f} s, and no epoch was lost")
    return 0


def compose(*command: str) -> str:
    """Run docker compose and return what it prints.

    Raises: CalledProcessError.
    """
    return subprocess.run(["docker", "compose", *command], check=True, stdout=subprocess.PIPE, text=True).stdout


def query(text: str, jobs: list[Job]) -> list[list[str]]:
    """Ask the database about jobs."""
    ids = ", ".join(f"'{job.id}'" for job in jobs)
    psql = ("exec", "-T", "postgres", "psql", "-U", "ebb", "-d", "ebb", "-AtF", " ", "-c", text.format(ids=ids))
    return [line.split() for line in compose(*psql).splitlines()]


def _begun(job: Job) -> bool:
    return job.progress is not None and job.progress.done > 0


def _expect(held: bool, fault: str) -> None:
    if not held:
        sys.exit(fault)


def _wait(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"{what}: not within {PATIENCE_SECONDS:.0f} s; see `docker compose logs worker`")
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
