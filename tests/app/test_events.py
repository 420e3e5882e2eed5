"""The event stream of a job: from any position, to the end of the job."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.schemas.job_resource import JobChange, load_change
from app.streams.job_stream import JobStream, follow
from app.streams.peers import Peer
from app.streams.stream_limit import Intervals, StreamLimit
from store.clock import now
from store.database import Connection, Database
from store.jobs.cancel import cancel
from store.jobs.claim import Claim, claim
from store.jobs.events import Cursor
from store.jobs.expire import expire_leases
from store.jobs.finish import fail
from store.jobs.heartbeat import JobProgress, heartbeat
from store.jobs.read import get_job
from store.tables import jobs
from tests.app.test_access import Key
from tests.app.test_login import OWN, log_in
from tests.store.world import epoch, make_world

QUICK = Intervals(poll_seconds=0.01, keepalive_seconds=0.05, max_seconds=30.0, write_seconds=0.1)


@pytest.fixture
def job(client: FlaskClient, dataset: str) -> str:
    return str(client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"])


@dataclass(frozen=True)
class Told:
    """An event, as read by a client."""

    event: str
    data: dict[str, object]
    place: str | None


def parsed(text: str) -> list[Told]:
    told = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith((":", "retry")))
        if fields:
            told.append(Told(fields["event"], json.loads(fields["data"]), fields.get("id")))
    return told


def start(database: Database, job: str) -> Claim:
    claimed = database.write(lambda connection: claim(connection, job, worker="w", lease_seconds=30))
    assert claimed is not None
    return claimed


def beat(database: Database, claimed: Claim, *numbers: int) -> None:
    rows = [epoch(n, gradient_norm=1.5, seconds=0.02, layers=[], dead_units=0.25) for n in numbers]
    progress = JobProgress(numbers[-1], 10)
    database.write(
        lambda connection: heartbeat(connection, claimed, lease_seconds=30, progress=progress, new_epochs=rows)
    )


def end(database: Database, claimed: Claim) -> None:
    database.write(lambda connection: fail(connection, claimed, code="diverged", text="lower the learning rate"))


def lose(database: Database, claimed: Claim) -> None:
    def work(connection: Connection) -> None:
        connection.execute(jobs.update().where(jobs.c.id == claimed.job_id).values(lease_until=now(-1.0)))
        assert expire_leases(connection, strike_limit=3) == [claimed.job_id]

    database.write(work)


@pytest.fixture
def ended(database: Database, job: str) -> str:
    """A job that lost its worker after two epochs, repeated them, and failed."""
    claimed = start(database, job)
    beat(database, claimed, 1, 2)
    lose(database, claimed)
    claimed = start(database, job)
    beat(database, claimed, 2, 3)
    end(database, claimed)
    return job


def test_the_stream_of_an_ended_job_has_all_events(client: FlaskClient, ended: str) -> None:
    answer = client.get(f"/v1/jobs/{ended}/events", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert "Content-Length" not in answer.headers
    assert answer.text.startswith("retry: 2000\n\n")
    told = parsed(answer.text)
    names = [one.data["epoch"] if one.event == "epoch" else one.event for one in told]
    assert names == ["queued", "running", 1, "queued", "running", 2, 3, "failed"]
    assert told[-1].data["data"] == {"code": "diverged"}
    assert told[-1].data["attempt"] == 2
    assert told[2].data["dead_units"] == 0.25


def test_a_resumed_stream_has_the_unseen_events(client: FlaskClient, ended: str) -> None:
    told = parsed(client.get(f"/v1/jobs/{ended}/events", buffered=True).text)
    for seen, one in enumerate(told[:-1], start=1):
        by_header = client.get(f"/v1/jobs/{ended}/events", buffered=True, headers={"Last-Event-ID": str(one.place)})
        assert parsed(by_header.text) == told[seen:]
        by_query = client.get(f"/v1/jobs/{ended}/events?last_event_id={one.place}", buffered=True)
        assert by_query.text == by_header.text
    both = {"headers": {"Last-Event-ID": str(told[-2].place)}, "query_string": {"last_event_id": "0.0"}}
    assert parsed(client.get(f"/v1/jobs/{ended}/events", buffered=True, **both).text) == told[-1:]


def test_a_client_that_has_seen_the_end_is_told_to_stop(client: FlaskClient, ended: str) -> None:
    last = parsed(client.get(f"/v1/jobs/{ended}/events", buffered=True).text)[-1]
    answer = client.get(f"/v1/jobs/{ended}/events", buffered=True, headers={"Last-Event-ID": str(last.place)})
    assert (answer.status_code, answer.data) == (204, b"")


def test_an_invalid_id_is_refused_beside_a_valid_one(client: FlaskClient, ended: str) -> None:
    asked = {"headers": {"Last-Event-ID": "1.0"}, "query_string": {"last_event_id": "9"}}
    answer = client.get(f"/v1/jobs/{ended}/events", **asked)
    assert [error["pointer"] for error in answer.json["errors"]] == ["/query/last_event_id"]


@pytest.mark.parametrize(("name", "pointer"), [("header", "/headers/Last-Event-ID"), ("query", "/query/last_event_id")])
def test_an_unknown_event_id_is_refused(client: FlaskClient, ended: str, name: str, pointer: str) -> None:
    path = f"/v1/jobs/{ended}/events"
    asked = {"headers": {"Last-Event-ID": "x"}} if name == "header" else {"query_string": {"last_event_id": "x"}}
    answer = client.get(path, **asked)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_a_missing_job_is_404(client: FlaskClient) -> None:
    assert client.get("/v1/jobs/01890000-0000-7000-8000-000000000000/events").status_code == 404


def test_a_head_request_takes_no_place(app: Flask, client: FlaskClient, job: str) -> None:
    assert client.head(f"/v1/jobs/{job}/events").status_code == 200
    assert app.extensions["ebb"].streams.taken == 0


def test_a_stream_beyond_the_limit_is_503_until_one_closes(
    make_app: Callable[..., Flask], client: FlaskClient, job: str
) -> None:
    other = make_app(web_threads=4).test_client()
    first = other.get(f"/v1/jobs/{job}/events", buffered=False)
    assert first.status_code == 200
    refused = other.get(f"/v1/jobs/{job}/events")
    assert (refused.status_code, refused.json["type"]) == (503, "urn:problem-type:ebb:streams")
    assert int(refused.headers["Retry-After"]) > 0
    first.close()
    second = other.get(f"/v1/jobs/{job}/events", buffered=False)
    assert second.status_code == 200
    second.close()


def test_a_server_with_one_thread_refuses_streams(
    make_app: Callable[..., Flask], client: FlaskClient, job: str
) -> None:
    assert make_app(web_threads=1).test_client().get(f"/v1/jobs/{job}/events").status_code == 503


def following(database: Database, job: str, peer: Peer, streams: StreamLimit) -> Iterator[str]:
    def look(connection: Connection) -> JobChange:
        return load_change(connection, get_job(connection, job))

    return follow(JobStream(database, job, Cursor(), look), streams, peer)


def test_events_are_streamed_live_and_progress_has_no_id(database: Database, job: str) -> None:
    stream = following(database, job, Peer(None), StreamLimit(4, QUICK))

    def next_told(event: str) -> Told:
        for text in stream:
            for told in parsed(text):
                if told.event == event:
                    return told
        raise AssertionError(f"no {event}")

    next_told("queued")
    assert next_told("progress").data["state"] == "queued"
    claimed = start(database, job)
    assert next_told("running").data["attempt"] == 1
    beat(database, claimed, 1)
    assert next_told("epoch").data["epoch"] == 1
    progress = next_told("progress")
    assert (progress.data["progress"], progress.place) == ({"done": 1, "total": 10, "unit": "epochs"}, None)
    database.write(lambda connection: cancel(connection, job, by="somebody"))
    assert next_told("cancel_requested").data["data"] == {"by": "somebody"}
    assert next_told("progress").data["cancel_requested"] is True
    end(database, claimed)
    assert next_told("failed").data["attempt"] == 1
    assert list(stream) == []


def test_a_quiet_stream_sends_keep_alive_comments(database: Database, job: str) -> None:
    begun = time.monotonic()
    texts = islice(following(database, job, Peer(None), StreamLimit(4, QUICK)), 5)
    assert list(texts)[-2:] == [": still here\n\n"] * 2
    assert time.monotonic() - begun >= 2 * QUICK.keepalive_seconds


def test_a_stream_ends_at_its_time_limit_and_with_its_process(database: Database, job: str) -> None:
    short = StreamLimit(4, Intervals(poll_seconds=0.01, keepalive_seconds=10.0, max_seconds=0.2, write_seconds=0.1))
    assert len(list(following(database, job, Peer(None), short))) == 3  # retry, queued, progress
    ending = StreamLimit(4, QUICK)
    ending.end_with(lambda: False)
    assert len(list(following(database, job, Peer(None), ending))) == 1


@pytest.fixture
def connected() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_stream_ends_when_its_reader_disconnects(
    database: Database, job: str, connected: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = connected
    patient = StreamLimit(4, Intervals(poll_seconds=20.0, keepalive_seconds=60.0, max_seconds=60.0, write_seconds=10.0))
    stream = following(database, job, Peer(ours), patient)
    assert len(list(islice(stream, 3))) == 3
    threading.Timer(0.1, theirs.close).start()
    begun = time.monotonic()
    assert list(stream) == []
    assert time.monotonic() - begun < 5


def test_a_reader_that_does_not_read_is_disconnected(
    database: Database, job: str, connected: tuple[socket.socket, socket.socket]
) -> None:
    ours, _ = connected
    ours.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            ours.send(b"." * 4096)
    stream = following(database, job, Peer(ours), StreamLimit(4, QUICK))
    assert list(stream) == ["retry: 2000\n\n"]
    with pytest.raises(BrokenPipeError):
        ours.send(b".")


def test_a_reader_may_send_more_bytes(connected: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = connected
    theirs.send(b"GET / HTTP/1.1")
    assert Peer(ours).stays_connected(0.01)


def test_a_stream_ends_with_its_session(guarded: FlaskClient, key: Key, database: Database) -> None:
    world = make_world(database)
    mine = world.start(world.queue())
    log_in(guarded, key("read"))
    stream = iter(guarded.get(f"/v1/jobs/{mine.job_id}/events").response)
    while b"event: running" not in next(stream):
        pass
    guarded.post("/logout", headers=OWN)
    world.succeed(mine)
    assert b"succeeded" not in b"".join(stream)
