"""Workers send webhooks to a real receiver: signed, again until it accepts, and also after a kill."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from store.database import Database
from store.settings import Settings
from store.tables import webhook_deliveries
from store.webhooks.deliveries import list_attempts, list_deliveries, redeliver
from store.webhooks.subscriptions import Subscription, add_webhook
from tests.e2e.running import wait_for
from tests.ebb.service import Service, serving
from tests.store.world import World, make_world
from worker.webhook_sender import WebhookSender

SEND = """
from store.database import open_database
from store.settings import read_settings
from worker.webhook_sender import WebhookSender

settings = read_settings()
WebhookSender(settings, open_database(settings.database_url)).send_due()
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings, lease_seconds=3.0, heartbeat_seconds=0.5, webhook_hosts=("127.0.0.1",), webhook_retry_seconds=0.1
    )


@pytest.fixture
def sender(settings: Settings, database: Database) -> WebhookSender:
    return WebhookSender(settings, database)


@pytest.fixture
def receiver() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


@contextmanager
def served(server: Any) -> Iterator[None]:
    """Serve in a thread until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subscribe(world: World, url: str) -> Subscription:
    new = Subscription(url, ["job.succeeded"], None, "k")
    world.database.write(lambda connection: add_webhook(connection, new))
    return new


def end_job(world: World) -> str:
    mine = world.start(world.queue())
    world.succeed(mine)
    return mine.job_id


def history(world: World, hook: Subscription) -> tuple[str, list[tuple[int | None, bool]]]:
    """Return the state of the only delivery, and of each attempt the status and whether it ended."""
    with world.database.read() as connection:
        (row,) = list_deliveries(connection, hook.webhook_id, page_size=10).rows
        attempts = list_attempts(connection, [row.id])
    return row.state, [(attempt.status, attempt.seconds is not None) for attempt in attempts]


def change(world: World, **values: Any) -> None:
    world.database.write(lambda connection: connection.execute(update(webhook_deliveries).values(**values)))


def test_an_independent_library_verifies_the_delivery(world: World, sender: WebhookSender, receiver: Service) -> None:
    hook = subscribe(world, f"{receiver.url}/in?from=ebb")
    job_id = end_job(world)
    receiver.will_answer({}, 204)
    sender.send_due()
    (request,) = receiver.requests
    body = request.get_data(as_text=True)
    verified = Webhook(hook.secret).verify(body, dict(request.headers))
    assert verified == json.loads(body)
    assert (verified["type"], verified["data"]["job"]) == ("job.succeeded", job_id)
    assert request.full_path == "/in?from=ebb"
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(body.replace("succeeded", "failed"), dict(request.headers))
    assert history(world, hook) == ("delivered", [(204, True)])
    sender.send_due()
    assert len(receiver.requests) == 1


def test_a_delivery_is_sent_again_until_the_receiver_accepts(
    world: World, sender: WebhookSender, receiver: Service
) -> None:
    hook = subscribe(world, receiver.url)
    end_job(world)
    for status in (500, 302, 200):
        receiver.will_answer({}, status, Location=f"{receiver.url}/elsewhere")

    def delivered() -> bool:
        sender.send_due()
        return history(world, hook)[0] == "delivered"

    wait_for(delivered, "the receiver has accepted")
    assert history(world, hook)[1] == [(500, True), (302, True), (200, True)]
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert {request.path for request in receiver.requests} == {"/"}, "redirects are not followed"


def test_a_delivery_fails_with_its_last_attempt_and_can_be_sent_again(
    world: World, sender: WebhookSender, receiver: Service
) -> None:
    hook = subscribe(world, receiver.url)
    end_job(world)
    change(world, attempts_left=1)
    receiver.will_answer({}, 500)
    sender.send_due()
    assert history(world, hook) == ("failed", [(500, True)])
    with world.database.read() as connection:
        (row,) = list_deliveries(connection, hook.webhook_id, page_size=10).rows
    world.database.write(lambda connection: redeliver(connection, hook.webhook_id, row.id, by="k"))
    receiver.will_answer({}, 200)
    sender.send_due()
    assert history(world, hook) == ("delivered", [(500, True), (200, True)])


@pytest.mark.parametrize("url", ["https://localhost./", "http://127.0.0.1:1/", "https://no-such-host.invalid/"])
def test_an_attempt_without_an_answer_has_its_error(world: World, settings: Settings, url: str) -> None:
    """A name of this machine, a port where nobody listens, and a name that does not resolve."""
    hook = subscribe(world, url)
    end_job(world)
    WebhookSender(settings, world.database).send_due()
    assert history(world, hook) == ("pending", [(None, True)])
    with world.database.read() as connection:
        (row,) = list_deliveries(connection, hook.webhook_id, page_size=10).rows
        (attempt,) = list_attempts(connection, [row.id])
    assert attempt.error
    if "localhost" in url:
        assert "EBB_WEBHOOK_HOSTS" in attempt.error


def test_a_private_address_is_not_called_without_the_setting(
    world: World, settings: Settings, receiver: Service
) -> None:
    hook = subscribe(world, receiver.url)
    end_job(world)
    WebhookSender(replace(settings, webhook_hosts=()), world.database).send_due()
    assert history(world, hook) == ("pending", [(None, True)])
    assert receiver.requests == []


def test_a_killed_worker_loses_no_delivery(world: World, settings: Settings, sender: WebhookSender) -> None:
    """The receiver holds the first request until its sender is killed; another worker sends it again, under its id."""
    asked: list[str] = []
    killed: list[bool] = []

    def answer(environ: dict[str, Any], start: Any) -> Any:
        asked.append(environ["HTTP_WEBHOOK_ID"])
        if not killed:
            wait_for(lambda: killed, "the sender was killed")
        return Response(status=200)(environ, start)

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    with served(server):
        hook = subscribe(world, f"http://127.0.0.1:{server.server_port}/")
        end_job(world)
        root = Path(__file__).parents[2]
        environment = {**settings.environ(), "PATH": ""}
        victim = subprocess.Popen([sys.executable, "-c", SEND], cwd=root, env=environment)
        wait_for(lambda: asked, "the first attempt has begun")
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        killed.append(True)
        assert history(world, hook) == ("pending", [(None, False)])

        def delivered() -> bool:
            sender.send_due()
            time.sleep(0.1)
            return history(world, hook)[0] == "delivered"

        wait_for(delivered, "another worker has sent it")
    assert history(world, hook)[1] == [(None, False), (200, True)]
    assert len(asked) == 2
    assert len(set(asked)) == 1


def test_a_receiver_that_answers_byte_by_byte_is_left_at_the_deadline(world: World, sender: WebhookSender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        hook = subscribe(world, f"http://127.0.0.1:{server.getsockname()[1]}/")
        end_job(world)
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        sender.send_due()
        thread.join()
    state, attempts = history(world, hook)
    assert (state, attempts[0]) == ("pending", (None, True))


def drip(server: socket.socket) -> None:
    """Answer one request with a header that does not end, until the client leaves."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)
