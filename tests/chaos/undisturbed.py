"""The results of undisturbed work, measured before the service starts."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from ebb.customers import customers
from model.estimator import Estimator
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import write_scores
from model.scoring import score_file
from store.registry.versions import get_version, load_estimator
from store.tables import epochs
from tests.worker.trainings import CSV, Trainings, make_trainings

# Dropout draws random numbers at every step. Without early stopping, every run has the same epochs.
SPEC = {"layers": [32, 16], "dropout": 0.1, "batch_norm": True, "batch_size": 32, "early_stopping": None, "seed": 5}
SCORING = {"version": 1, "output": "csv", "explain": 4}
TABLE = customers(20_000, seed=2).to_csv().encode()  # five chunks of rows: with reasons one or two seconds
COLUMNS = [{"name": name} for name in CSV.decode().partition("\n")[0].split(",")]


@dataclass(frozen=True)
class Undisturbed:
    """The spec of a training, a table to score, and the digests of their results.

    `weights` has the digest of the estimators of each model, `scored` that of the file of scores; `jobs` are the jobs
    of the measurement.
    """

    spec: dict[str, Any]
    table: str
    weights: Mapping[str, str]
    scored: str
    jobs: frozenset[str]


def measure(trainings: Trainings, seconds: float) -> Undisturbed:
    """Find the number of epochs for this number of seconds, train, and score."""
    spec: dict[str, Any] = {**SPEC, "epochs": 60}
    jobs, weights = set(), {}
    for model in ("measured", "churn"):
        job_id = trainings.queue(spec, model=model)
        trainings.attempts.run(job_id)
        row = trainings.world.row(job_id)
        assert row.state == "succeeded", row.error_text
        jobs.add(job_id)
        with trainings.database.read() as connection:
            weights[model] = get_version(connection, model, 1).weights_sha256
            took = connection.execute(select(func.sum(epochs.c.seconds)).where(epochs.c.job_id == job_id)).scalar_one()
        if model == "measured":
            spec = {**spec, "epochs": max(10, round(60 * seconds / took))}
    table = make_trainings(trainings.database, trainings.settings, TABLE, schema={"columns": COLUMNS})
    return Undisturbed(spec, table.world.dataset_id, weights, _scored(trainings), frozenset(jobs))


def _scored(trainings: Trainings) -> str:
    """Score in memory: an existing file would hide that a job failed to write it."""
    with trainings.database.read() as connection:
        estimator = Estimator.from_bytes(load_estimator(connection, "churn", 1))
    rows = score_file(estimator, io.BytesIO(TABLE), "csv", int(str(SCORING["explain"])))
    out = io.BytesIO()
    write_scores(estimator, rows, OUTPUTS["csv"](Layout.of(estimator, int(str(SCORING["explain"])))), out)
    return hashlib.sha256(out.getvalue()).hexdigest()
