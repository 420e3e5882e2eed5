"""The doorbell: sends a job's id to the broker.

A message is a hint. A lost, late or repeated one costs only time, because the job's row is the truth. Nothing here
relies on Celery's results, retries or acknowledgements.
"""

from typing import Any, Protocol

from celery import Celery
from kombu.exceptions import OperationalError

from store.errors import BrokerError
from store.job_states import KINDS
from store.jobs import TASK

QUEUES: dict[str, str] = {kind: f"jobs.{kind}" for kind in KINDS}
"""The broker's queue of each kind of job: a worker may serve only some kinds."""


class Doorbell(Protocol):
    """The interface of a doorbell."""

    def ring(self, job_id: str, kind: str) -> None:
        """Send a message about this queued job to the workers of its kind.

        Raises: BrokerError when the broker does not answer.
        """

    def waiting(self, kind: str) -> int:
        """Return how many messages about jobs of this kind wait in the broker.

        Raises: BrokerError when the broker does not answer.
        """


class CeleryDoorbell:
    """Sends a Celery message that carries the job's id."""

    def __init__(self, broker_url: str) -> None:
        self._celery = celery_app(broker_url)
        # No retries: a sweeper publishes the job later, and the request must not wait for the broker.
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
        """Return how many messages about jobs of this kind wait in the broker.

        Raises: BrokerError when the broker does not answer within seconds.
        """
        try:
            with self._celery.connection_for_write() as connection:
                return int(connection.default_channel.queue_declare(QUEUES[kind]).message_count)
        except (OperationalError, OSError) as error:
            raise BrokerError(f"the broker does not answer: {error}") from error

    def ping(self) -> None:
        """Check that the broker answers, without sending a message.

        Raises: BrokerError when the broker does not answer within seconds.
        """
        try:
            with self._celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0)
        except (OperationalError, OSError) as error:
            raise BrokerError(f"the broker does not answer: {error}") from error


class SilentDoorbell:
    """Sends nothing: the workers' sweepers find the job."""

    def ring(self, job_id: str, kind: str) -> None:
        """Do nothing."""

    def waiting(self, kind: str) -> int:
        """Return 0."""
        return 0


def celery_app(broker_url: str) -> Celery:
    """Return the Celery application of sender and worker, with timeouts and without a result backend."""
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
        "worker_disable_prefetch": True,  # no message waits at a busy worker while another is idle
        "worker_send_task_events": False,
    }
    app.conf.update(options)
    return app
