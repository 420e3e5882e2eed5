"""`python -m worker`: a Celery worker with a sweeper beside it."""

import logging
import os
import socket
import sys
import warnings

from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down
from kombu.asynchronous import get_event_loop

from store.broker import broker_url
from store.database import open_database
from store.doorbell import QUEUES, CeleryDoorbell, celery_app
from store.errors import StoreError
from store.jobs import TASK
from store.migrate import is_current
from store.settings import Settings, read_settings
from worker.attempt import Attempts
from worker.queue_drainer import QueueDrainer
from worker.sweeper import Sweeper
from worker.warm_process import ProcessStarter
from worker.webhook_sender import WebhookSender

WAKE_SECONDS = 0.05


def main() -> int:
    """Run until SIGTERM or Ctrl-C; running jobs are then checkpointed and requeued."""
    try:
        settings = read_settings()
        database = open_database(settings.database_url, pool_size=settings.worker_concurrency + 3)
        if not is_current(database):
            print("ebb worker: the database's tables are not of this release; run `ebb migrate`", file=sys.stderr)
            return 1
    except StoreError as error:
        print(f"ebb worker: {error}", file=sys.stderr)
        return 2
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    name = f"{socket.gethostname()}:{os.getpid()}"
    url = broker_url(settings)
    starter = ProcessStarter(settings)
    attempts = Attempts(settings, database, name, starter)
    sweeper = Sweeper(settings, database, CeleryDoorbell(url), name)
    # Celery warns root about pickled messages; ours are JSON and carry one id.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    worker_shutting_down.connect(attempts.stop, weak=False)
    sender = WebhookSender(settings, database)
    sweeper.start()
    sender.start()
    try:
        with starter.keep_one_warm():
            _listen(settings, url, QueueDrainer(database, settings.worker_queues, attempts.run), name)
    finally:
        sender.stop()
        sweeper.stop()
        database.close()
    return 0


def _wake_often(**_: object) -> None:
    """Have Celery's event loop wake 20 times a second: by itself it notices the end of a task once a second."""
    if (loop := get_event_loop()) is not None:
        loop.call_repeatedly(WAKE_SECONDS, lambda: None)  # type: ignore[no-untyped-call]  # kombu has no types


def _listen(settings: Settings, url: str, drainer: QueueDrainer, name: str) -> None:
    app = celery_app(url)
    app.task(name=TASK)(drainer.drain)
    worker_ready.connect(_wake_often, weak=False)
    # Threads, because each only waits for a child process; forking a process that runs threads may deadlock.
    app.worker_main(
        [
            "--quiet",
            "worker",
            "--pool=threads",
            f"--concurrency={settings.worker_concurrency}",
            f"--queues={','.join(QUEUES[kind] for kind in settings.worker_queues)}",
            f"--hostname=ebb@{name}",
            f"--loglevel={settings.log_level}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
