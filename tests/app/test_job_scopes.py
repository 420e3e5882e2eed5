"""Who may submit a job of a kind may cancel it and try it again, and nobody else."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.edge.scopes import SUBMITTING
from app.table import ROUTES

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.fixture
def jobs(client: FlaskClient, dataset: str, champion: int) -> dict[str, str]:
    """A waiting job of each kind."""
    told = {
        "training": client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}),
        "scoring": client.post("/v1/jobs/scoring", json={"model": "churn", "dataset": dataset}),
        "replay": client.post(f"/v1/models/churn/versions/{champion}/replay"),
    }
    return {kind: str(answer.json["id"]) for kind, answer in told.items()}


@pytest.mark.parametrize("kind", SUBMITTING)
@pytest.mark.parametrize("scope", ["score", "train", "read", "promote"])
def test_who_may_submit_a_job_may_cancel_and_retry_it(
    kind: str, scope: str, guarded: FlaskClient, jobs: dict[str, str], key: Key
) -> None:
    may, headers = scope == SUBMITTING[kind], key(scope)
    cancelled = guarded.post(f"/v1/jobs/{jobs[kind]}/cancel", headers=headers)
    assert cancelled.status_code == (200 if may else 403), cancelled.text
    guarded.post(f"/v1/jobs/{jobs[kind]}/cancel", headers=key("admin"))
    retried = guarded.post(f"/v1/jobs/{jobs[kind]}/retry", headers=headers)
    assert retried.status_code == (202 if may else 403), retried.text
    assert may or "lacks the scope" in retried.json["detail"]


def test_the_scopes_are_those_of_the_routes_that_submit() -> None:
    places = {
        "training": "/v1/jobs/training",
        "scoring": "/v1/jobs/scoring",
        "replay": "/v1/models/{name}/versions/{version}/replay",
    }
    assert {kind: route.scope for route in ROUTES for kind, path in places.items() if route.path == path} == SUBMITTING
