"""The doorbell: the one seam through which a job's id reaches the broker.

A message is a hint. Lost, late or doubled it costs latency and nothing else, because the row is the truth; so neither
end waits for the other, and no result, retry or acknowledgement of Celery's is relied on.
"""

from typing import Any, Protocol

from celery import Celery
from kombu.exceptions import OperationalError

from store.errors import BrokerError
from store.jobs import KINDS, TASK

QUEUES = {kind: f"jobs.{kind}" for kind in KINDS}
"""The broker's queue of each kind of job, so that a worker can serve some kinds alone."""


class Doorbell(Protocol):
    """Whatever can tell the workers of a job."""

    def ring(self, job_id: str, kind: str) -> None:
        """Tell the workers of its kind that this job waits.

        Raises: BrokerError when the broker does not answer.
        """

    def waiting(self, kind: str) -> int:
        """Return how many messages about jobs of this kind nobody has heard yet.

        Raises: BrokerError when the broker does not answer.
        """


class CeleryDoorbell:
    """Rings by a Celery message that carries the job's id."""

    def __init__(self, broker_url: str) -> None:
        self._celery = celery_app(broker_url)
        # The row waits for a sweeper; the request that made it should not wait for a broker.
        self._celery.conf.broker_transport_options["max_retries"] = 0

    def ring(self, job_id: str, kind: str) -> None:
        """Send the message.

        Raises: BrokerError when the broker does not answer within seconds.
        """
        try:
            self._celery.send_task(TASK, args=[job_id], queue=QUEUES[kind], retry=False, ignore_result=True)
        except (OperationalError, OSError) as error:
            raise BrokerError(f"the broker does not answer: {error}") from error

    def waiting(self, kind: str) -> int:
        """Return how many messages about jobs of this kind nobody has heard yet.

        Raises: BrokerError when the broker does not answer within seconds.
        """
        try:
            with self._celery.connection_for_write() as connection:
                return int(connection.default_channel.queue_declare(QUEUES[kind]).message_count)
        except (OperationalError, OSError) as error:
            raise BrokerError(f"the broker does not answer: {error}") from error

    def ping(self) -> None:
        """See whether it could ring, without a message.

        Raises: BrokerError when the broker does not answer within seconds.
        """
        try:
            with self._celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
        except (OperationalError, OSError) as error:
            raise BrokerError(f"the broker does not answer: {error}") from error


class SilentDoorbell:
    """Rings for nobody: the workers' sweepers find the job by themselves."""

    def ring(self, job_id: str, kind: str) -> None:
        """Do nothing."""

    def waiting(self, kind: str) -> int:
        """Return 0."""
        return 0


def celery_app(broker_url: str) -> Celery:
    """Return a Celery application with the options both ends need: no waiting for ever, no result backend."""
    app = Celery("ebb", broker=broker_url, set_as_current=False)
    options: dict[str, Any] = {
        "broker_transport_options": {
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "global_keyprefix": "ebb:",
        },
        "broker_connection_retry_on_startup": True,
        "task_default_queue": QUEUES["training"],
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_disable_prefetch": True,  # a message must not wait at a busy worker while another is idle
        "worker_send_task_events": False,
    }
    app.conf.update(options)
    return app
