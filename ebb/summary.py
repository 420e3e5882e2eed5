"""Summarizes a job in a few lines of text."""

from collections.abc import Iterator, Mapping
from typing import Any

from ebb.answers import Epoch, Job
from ebb.display import describe_losses, losses_of, time_left
from ebb.leaderboard import describe_standing
from ebb.sparkline import sparkline


def summarize(job: Job, epochs: list[Epoch]) -> str:
    """Return the kind, state, progress and result of a job as lines of text.

    Example:
        >>> print(summarize(Job("j1", "training", "queued", model="churn", created_at="2026-01-02T03:04:05.678Z"), []))
        job        j1, training for churn
        state      queued
        created    2026-01-02 03:04:05
    """
    return "\n".join(f"{name:<10} {text}" for name, text in _lines(job, epochs) if text)


def _lines(job: Job, epochs: list[Epoch]) -> Iterator[tuple[str, str]]:
    yield "job", f"{job.id}, {job.kind}" + (f" for {job.model}" if job.model else "")
    yield "retry of", job.retry_of or ""
    yield "state", _state(job)
    yield "progress", str(job.progress or "")
    if job.eta_s is not None:
        yield "time left", f"about {time_left(job.eta_s)}"
    if epochs:
        yield "losses", f"{describe_losses(epochs[-1])} {sparkline(losses_of(epochs), 30)}"
        if epochs[-1].retries:
            yield "", "it diverged and restarted at a lower learning rate"
    if job.error is not None:
        yield "error", f"{job.error.code}: {job.error.detail}"
    if job.result is not None:
        plain = ((name, value) for name, value in job.result.items() if not isinstance(value, dict | list))
        yield "result", ", ".join(f"{name} {value}" for name, value in plain)
        yield from _remarks(job.result)
    for rank, standing in enumerate(job.leaderboard or (), 1):
        yield f"place {rank}", describe_standing(standing)
    if isinstance(found := (job.result or {}).get("sweep"), dict):
        yield "note", str(found["note"])
    for name, when in (("created", job.created_at), ("started", job.started_at), ("finished", job.finished_at)):
        yield name, (when or "").partition(".")[0].replace("T", " ").removesuffix("Z")


def _remarks(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the reason of the gate, and the warnings about a version."""
    if reason := (result.get("gate") or {}).get("reason"):
        yield "gate", str(reason)
    for warning in (result.get("report") or result).get("warnings", []):
        yield "warning", str(warning["detail"])


def _state(job: Job) -> str:
    asked = " (asked to stop)" if job.cancel_requested and not job.finished else ""
    return f"{job.state}{asked}" + (f", attempt {job.attempt}" if job.attempt else "")
