"""A job is cancelled and retried by the key that submitted it, with its current scopes, or by an admin."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from store.database import Database
from store.keys import SCOPES
from store.tables import jobs as job_rows

Key = Callable[..., dict[str, str]]
Headers = dict[str, str]
SUBMITTING = {"training": "train", "replay": "train", "scoring": "score", "sweep": "train", "evaluation": "train"}


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


def submitted(guarded: FlaskClient, kind: str, dataset: str, headers: Headers, **more: str) -> str:
    answer = {
        "training": lambda: guarded.post(
            "/v1/jobs/training", json={"model": "churn", "dataset": dataset} | more, headers=headers
        ),
        "scoring": lambda: guarded.post(
            "/v1/jobs/scoring", json={"model": "churn", "dataset": dataset}, headers=headers
        ),
        "sweep": lambda: guarded.post(
            "/v1/jobs/sweep",
            json={"model": "churn", "dataset": dataset, "configurations": [{"epochs": 1}, {"epochs": 2}]} | more,
            headers=headers,
        ),
        "replay": lambda: guarded.post("/v1/models/churn/versions/1/replay", headers=headers),
        "evaluation": lambda: guarded.post(
            "/v1/models/churn/versions/1/evaluate", json={"dataset": dataset}, headers=headers
        ),
    }[kind]()
    assert answer.status_code == 202, answer.text
    return str(answer.json["id"])


@pytest.mark.parametrize("kind", SUBMITTING)
def test_the_key_that_submitted_a_job_cancels_and_retries_it(
    kind: str, guarded: FlaskClient, dataset: str, champion: int, key: Key
) -> None:
    headers = key(SUBMITTING[kind])
    job = submitted(guarded, kind, dataset, headers)
    assert guarded.post(f"/v1/jobs/{job}/cancel", headers=headers).status_code == 200
    assert guarded.post(f"/v1/jobs/{job}/retry", headers=headers).status_code == 202


@pytest.mark.parametrize("kind", SUBMITTING)
def test_another_key_needs_the_scope_admin(
    kind: str, guarded: FlaskClient, dataset: str, champion: int, key: Key
) -> None:
    everything_but_admin, admin = key(*(set(SCOPES) - {"admin"})), key("admin")
    job = submitted(guarded, kind, dataset, key(SUBMITTING[kind]))
    for deed, status in (("cancel", 200), ("retry", 202)):
        refused = guarded.post(f"/v1/jobs/{job}/{deed}", headers=everything_but_admin)
        assert (refused.status_code, f"did not submit job {job}" in refused.json["detail"]) == (403, True)
        assert guarded.post(f"/v1/jobs/{job}/{deed}", headers=admin).status_code == status


def test_a_job_without_an_owner_belongs_to_no_key(
    client: FlaskClient, guarded: FlaskClient, dataset: str, champion: int, key: Key
) -> None:
    """On loopback no key is needed, and such jobs have no owner."""
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    assert guarded.post(f"/v1/jobs/{job}/cancel", headers=key("train")).status_code == 403
    assert client.post(f"/v1/jobs/{job}/cancel").status_code == 200


@pytest.mark.parametrize("promote", ["always", "if_better"])
def test_a_retry_needs_the_current_scopes_of_its_job(
    promote: str, guarded: FlaskClient, dataset: str, key: Key, database: Database
) -> None:
    """A job of an earlier release may request a promotion without the scope for it."""
    headers = key("train")
    job = submitted(guarded, "training", dataset, headers)
    changed = job_rows.update().values(params={"spec": {}, "promote": promote})
    database.write(lambda connection: connection.execute(changed))
    assert guarded.post(f"/v1/jobs/{job}/cancel", headers=headers).status_code == 200
    refused = guarded.post(f"/v1/jobs/{job}/retry", headers=headers)
    assert (refused.status_code, "lacks the scope 'promote'" in refused.json["detail"]) == (403, True)
    assert guarded.post(f"/v1/jobs/{job}/retry", headers=key("admin")).status_code == 202


def test_a_retry_of_a_promotion_is_its_own_submitters(guarded: FlaskClient, dataset: str, key: Key) -> None:
    headers = key("train", "promote")
    job = submitted(guarded, "training", dataset, headers, promote="always")
    guarded.post(f"/v1/jobs/{job}/cancel", headers=headers)
    assert guarded.post(f"/v1/jobs/{job}/retry", headers=headers).status_code == 202


def test_validating_a_promotion_checks_the_same_scopes(guarded: FlaskClient, dataset: str, key: Key) -> None:
    asked = {"model": "churn", "dataset": dataset, "promote": "always", "validate_only": True}
    assert guarded.post("/v1/jobs/training", json=asked, headers=key("train")).status_code == 403
    assert guarded.post("/v1/jobs/training", json=asked, headers=key("train", "promote")).status_code == 200
