"""Watching a job shows its epochs until any end, through interruptions of the stream."""

import io
import json
import math
from collections.abc import Iterator

import msgspec
import pytest
from rich.console import Console

from ebb.answers import Epoch, Job, SweepStanding
from ebb.client import Client
from ebb.client.job_calls import expect_success
from ebb.display import LineDisplay, display_on
from ebb.errors import JobError, RefusedError, UnreadableError
from ebb.server_sent_events import read_events
from ebb.summary import summarize
from ebb.watch import Watched, watch_job
from tests.ebb.service import Service, serving

JOB = {"id": "j1", "kind": "training", "attempt": 1, "progress": {"done": 0, "total": 40, "unit": "epochs"}}
QUEUED, RUNNING = JOB | {"state": "queued", "attempt": 0}, JOB | {"state": "running"}
BUSY = {"title": "Too many streams are open"}


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, retry_seconds=0) as client:
        yield client


def ended(state: str, epochs: int, **more: object) -> dict[str, object]:
    return JOB | {"state": state, "progress": {"done": epochs, "total": 40, "unit": "epochs"}} | more


def epoch(number: int, place: str, loss: float = 0.5) -> str:
    data = {"epoch": number, "learning_rate": 0.01, "train_loss": loss}
    return f"id: {place}\nevent: epoch\ndata: {json.dumps(data)}\n\n"


def event(name: str, place: str) -> str:
    return f'id: {place}\nevent: {name}\ndata: {{"event": "{name}", "attempt": 1}}\n\n'


def quiet() -> Console:
    return Console(quiet=True)


def test_watching_ends_with_the_finished_job_and_its_epochs(client: Client, service: Service) -> None:
    service.will_answer(QUEUED)
    service.will_stream("retry: 2000\n\n" + event("running", "2.0") + epoch(1, "2.1") + event("succeeded", "3.0"))
    service.will_answer(ended("succeeded", 1))
    job, epochs = watch_job(client, "j1", quiet())
    assert (job.state, [one.epoch for one in epochs]) == ("succeeded", [1])
    assert service.requests[1].headers["Accept"] == "text/event-stream"


def test_an_interrupted_stream_is_resumed_after_the_last_event(client: Client, service: Service) -> None:
    service.will_answer(RUNNING)
    service.will_stream(epoch(1, "2.1") + "id: 2.2\nevent: ep", cut=True)
    service.will_stream(epoch(2, "2.2"))  # and ends, as after some minutes
    service.will_answer(RUNNING)
    service.will_stream(epoch(3, "2.3") + event("succeeded", "3.0"))
    service.will_answer(ended("succeeded", 3))
    job, epochs = watch_job(client, "j1", quiet())
    assert (job.state, [one.epoch for one in epochs]) == ("succeeded", [1, 2, 3])
    assert [one.headers.get("Last-Event-ID") for one in service.requests] == [None, None, "2.1", None, "2.2", None]


def test_repeated_epochs_replace_earlier_ones(client: Client, service: Service) -> None:
    service.will_answer(RUNNING)
    again = epoch(2, "9.2", 0.1) + epoch(3, "9.3", 0.1)
    service.will_stream(epoch(1, "2.1") + epoch(2, "2.2") + epoch(3, "2.3") + event("running", "9.0") + again)
    service.will_answer(ended("succeeded", 3))
    _, epochs = watch_job(client, "j1", quiet())
    assert [(one.epoch, one.train_loss) for one in epochs] == [(1, 0.5), (2, 0.1), (3, 0.1)]


def test_without_a_free_stream_the_job_is_polled(client: Client, service: Service) -> None:
    service.will_answer(RUNNING)
    service.will_answer(BUSY, 503)
    service.will_answer(ended("running", 1))
    one = {"epoch": 1, "learning_rate": 0.01, "train_loss": 0.5}
    service.will_answer({"epochs": [one], "next_page_token": None})
    service.will_answer(BUSY, 503)
    service.will_answer(ended("succeeded", 2))
    service.will_answer({"epochs": [one, one | {"epoch": 2}], "next_page_token": None})
    job, epochs = watch_job(client, "j1", quiet())
    assert (job.state, [one.epoch for one in epochs]) == ("succeeded", [1, 2])


def test_watching_an_ended_job_shows_its_epochs(client: Client, service: Service) -> None:
    service.will_answer(ended("failed", 1, error={"code": "diverged", "detail": "the loss left the finite"}))
    service.will_answer({"epochs": [{"epoch": 1, "learning_rate": 0.01}], "next_page_token": None})
    job, epochs = watch_job(client, "j1", quiet())
    assert (job.state, len(epochs)) == ("failed", 1)
    with pytest.raises(JobError, match=r"failed: the loss left the finite \(diverged\)"):
        expect_success(job)


def test_watching_a_job_without_a_worker_times_out(client: Client, service: Service) -> None:
    service.will_answer(QUEUED)
    with pytest.raises(JobError, match="no worker took"):
        watch_job(client, "j1", quiet(), max_seconds=0)


def test_watching_a_running_job_times_out(client: Client, service: Service) -> None:
    service.will_answer(RUNNING)
    service.will_stream(": still here\n\n" * 3)
    service.will_answer(RUNNING)
    with pytest.raises(JobError, match="still running"):
        watch_job(client, "j1", quiet(), max_seconds=0.3)


def test_refused_or_invalid_answers_end_watching(client: Client, service: Service) -> None:
    service.will_answer({"title": "Not Found", "detail": "there is no job j1"}, 404)
    with pytest.raises(RefusedError, match="no job"):
        watch_job(client, "j1", quiet())
    service.will_answer(RUNNING)
    service.will_stream("event: epoch\ndata: nonsense\n\n")
    with pytest.raises(UnreadableError, match="cannot read the events"):
        watch_job(client, "j1", quiet())


def shown(job: Job, epochs: list[Epoch], *, terminal: bool) -> str:
    text = io.StringIO()
    with display_on(Console(file=text, force_terminal=terminal, width=80, color_system=None)) as display:
        display.show(job, epochs)
    return text.getvalue()


def running(**more: object) -> Job:
    return Job(**{"id": "j1", "kind": "training", "state": "running", "attempt": 1, **more})


def test_a_terminal_shows_bar_time_left_curve_and_losses_in_80_columns() -> None:
    epochs = [Epoch(number, 0.01, 1 / number, 2 / number) for number in range(1, 101)]
    text = shown(running(eta_s=754.0), epochs, terminal=True)
    assert "epoch 100/" in text
    assert "12:34 █" in text
    assert "loss 0.0100 (validation 0.0200)" in text
    (line,) = (line.rpartition("\x1b[2K")[2] for line in text.splitlines() if "epoch" in line)
    assert len(line) <= 80


def test_without_a_terminal_every_tenth_epoch_and_the_last_are_lines() -> None:
    epochs = [Epoch(number, 0.01, 0.5, 0.6) for number in range(1, 26)]
    lines = shown(running(state="succeeded"), epochs, terminal=False).splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch   1", "epoch  10", "epoch  20", "epoch  25"]


def test_a_summary_has_the_result_of_a_job() -> None:
    job = running(state="succeeded", model="churn", result={"version": 3, "promoted": True})
    text = summarize(job, [Epoch(1, 0.01, 0.9, 0.8), Epoch(2, 0.01, 0.5, 0.6, retries=1)])
    for part in ("j1, training for churn", "succeeded, attempt 1", "loss 0.5000 (validation 0.6000) █▁", "version 3"):
        assert part in text
    assert "diverged and restarted" in text


def test_an_event_is_parsed_from_any_parts_and_line_ends() -> None:
    text = ": hello\r\n\r\nid: 7\r\nevent: x\r\ndata: one\u2028line\ndata:two\n\ndata: no name\n\n"
    whole = list(read_events([text]))
    assert [(one.event, one.data, one.id) for one in whole] == [
        ("", "", None), ("x", "one\u2028line\ntwo", "7"), ("message", "no name", None),
    ]  # fmt: skip
    assert list(read_events(text)) == whole


SWEEP = {**RUNNING, "kind": "sweep", "progress": {"done": 3, "total": 40, "unit": "epochs"}}


def standing(configuration: int, loss: float | None, rung: int = 0, **more: object) -> dict[str, object]:
    failed = {"error": "training diverged"} if loss is None else {"loss_error": 0.01, "auc": 0.8}
    facts = {"changes": {"layers": [configuration]}, "rung": rung, "epochs": 9, "loss": loss}
    return {"configuration": configuration, **facts, **failed, **more}


def standing_event(place: str, *args: object) -> str:
    data = {"event": "standing", "attempt": 1, "data": standing(*args)}
    return f"id: {place}\nevent: standing\ndata: {json.dumps(data)}\n\n"


def test_watching_a_sweep_prints_each_standing_once_and_ends_with_the_leaderboard(
    client: Client, service: Service
) -> None:
    service.will_answer(SWEEP | {"leaderboard": [standing(0, 0.5)]})
    service.will_stream(standing_event("2.0", 0, 0.5) + standing_event("3.0", 1, None), cut=True)
    service.will_stream(standing_event("4.0", 2, 0.4) + standing_event("5.0", 0, 0.3, 1) + event("succeeded", "6.0"))
    board = [standing(0, 0.3, 1), standing(2, 0.4), standing(1, None)]
    result = {"version": 1, "sweep": {"note": "the loss is the lowest of 3"}}
    service.will_answer(SWEEP | {"state": "succeeded", "leaderboard": board, "result": result})
    text = io.StringIO()
    job, epochs = watch_job(client, "j1", Console(file=text, width=200))
    assert epochs == []
    assert text.getvalue().splitlines() == [
        "rung 0, configuration 0: loss 0.5000 ± 0.0100, AUC 0.800 after 9 epochs: layers [0]",
        "rung 0, configuration 1 failed: training diverged",
        "rung 0, configuration 2: loss 0.4000 ± 0.0100, AUC 0.800 after 9 epochs: layers [2]",
        "rung 1, configuration 0: loss 0.3000 ± 0.0100, AUC 0.800 after 9 epochs: layers [0]",
    ]
    told = summarize(job, epochs)
    assert "place 1    configuration 0: loss 0.3000" in told
    assert "place 3    configuration 1 failed" in told
    assert "note       the loss is the lowest of 3" in told
    assert "result     version 1\n" in told


def test_a_terminal_shows_the_leaderboard_of_a_sweep_above_the_bar() -> None:
    board = msgspec.convert([standing(n, n / 100) for n in range(20)], list[SweepStanding])
    text = shown(running(kind="sweep", leaderboard=board), [], terminal=True)
    lines = [line for line in text.splitlines() if line.strip()]
    assert any("0.0000 ± 0.0100" in line and "layers [0]" in line for line in lines)
    assert any("8 more" in line for line in lines)
    assert max(len(line.rpartition("\x1b[2K")[2]) for line in lines) <= 80


def test_a_sweep_that_begins_again_begins_its_leaderboard_again(client: Client, service: Service) -> None:
    service.will_answer(SWEEP | {"leaderboard": [standing(0, 0.5)]})
    service.will_stream(event("restarted", "7.0") + standing_event("8.0", 1, 0.4), cut=True)
    watched = Watched(client, client.job("j1"), LineDisplay(quiet()))
    watched.follow(math.inf)
    assert [one.configuration for one in watched.job.leaderboard or ()] == [1]
