"""The doorbell sends the id of a job to its queue, or fails at once."""

import json
import time
from pathlib import Path

import pytest

from store.broker import Broker
from store.doorbell import QUEUES, CeleryDoorbell, SilentDoorbell, celery_app
from store.errors import BrokerError
from store.jobs import TASK


def test_a_message_has_the_task_and_the_id_only(broker: Broker) -> None:
    CeleryDoorbell(broker.url).ring("job-7", "training")
    with celery_app(broker.url).connection_for_read() as connection:
        message = connection.SimpleQueue(QUEUES["training"]).get(timeout=5)
        message.ack()
    assert message.headers["task"] == TASK
    arguments, options, _ = json.loads(message.body)
    assert (arguments, options) == (["job-7"], {})


def test_each_kind_of_job_has_a_queue_of_its_own(broker: Broker) -> None:
    assert len(set(QUEUES.values())) == len(QUEUES)
    for kind in QUEUES:
        CeleryDoorbell(broker.url).ring(f"a-{kind}", kind)
    with celery_app(broker.url).connection_for_read() as connection:
        for kind, name in QUEUES.items():
            message = connection.SimpleQueue(name).get(timeout=5)
            message.ack()
            assert json.loads(message.body)[0] == [f"a-{kind}"]


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis+socket://{folder}/none.sock"])
def test_an_unreachable_broker_is_an_error_at_once(tmp_path: Path, url: str) -> None:
    doorbell = CeleryDoorbell(url.format(folder=tmp_path))
    for try_it in (
        doorbell.ping,
        lambda: doorbell.ring("job-7", "training"),
        lambda: doorbell.ring("job-7", "training"),
    ):
        begun = time.monotonic()
        with pytest.raises(BrokerError, match="does not answer"):
            try_it()
        assert time.monotonic() - begun < 0.5


def test_pending_messages_are_counted_by_kind(broker: Broker) -> None:
    bell = CeleryDoorbell(broker.url)
    before = [bell.waiting(kind) for kind in QUEUES]
    for _ in range(3):
        bell.ring("job-7", "scoring")
    assert [bell.waiting(kind) - held for kind, held in zip(QUEUES, before, strict=True)] == [
        3 * (kind == "scoring") for kind in QUEUES
    ]
    with celery_app(broker.url).connection_for_read() as connection:
        connection.SimpleQueue(QUEUES["scoring"]).clear()


def test_connecting_the_doorbell_sends_nothing(broker: Broker) -> None:
    CeleryDoorbell(broker.url).ping()
    with celery_app(broker.url).connection_for_read() as connection:
        queue = connection.SimpleQueue(QUEUES["training"])
        with pytest.raises(queue.Empty):
            queue.get_nowait()


def test_no_results_are_stored_and_only_json_is_accepted() -> None:
    conf = celery_app("redis://nowhere").conf
    assert (conf.result_backend, conf.task_ignore_result, conf.accept_content) == (None, True, ["json"])


def test_the_silent_doorbell_sends_no_message() -> None:
    SilentDoorbell().ring("job-7", "training")
