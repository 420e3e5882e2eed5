"""The tables, one subject a file; migrations/ brings a database to them."""

from store.tables.access_tables import api_keys, audit_log, browser_sessions, idempotent_answers
from store.tables.base import metadata
from store.tables.dataset_tables import artifacts, datasets, results
from store.tables.job_tables import checkpoints, epochs, job_events, jobs, workers
from store.tables.registry_tables import alias_moves, aliases, models, versions
from store.tables.webhook_tables import webhook_attempts, webhook_deliveries, webhooks

__all__ = [
    "alias_moves",
    "aliases",
    "api_keys",
    "artifacts",
    "audit_log",
    "browser_sessions",
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
    "webhook_attempts",
    "webhook_deliveries",
    "webhooks",
    "workers",
]
