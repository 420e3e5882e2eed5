"""The tables, one subject a file; migrations/ brings a database to them."""

from store.tables.access import api_keys, audit_log, idempotent_answers
from store.tables.base import metadata
from store.tables.datasets import artifacts, datasets, results
from store.tables.jobs import checkpoints, epochs, job_events, jobs, workers
from store.tables.registry import alias_moves, aliases, models, versions

__all__ = [
    "alias_moves",
    "aliases",
    "api_keys",
    "artifacts",
    "audit_log",
    "checkpoints",
    "datasets",
    "epochs",
    "idempotent_answers",
    "job_events",
    "jobs",
    "metadata",
    "models",
    "results",
    "versions",
    "workers",
]
