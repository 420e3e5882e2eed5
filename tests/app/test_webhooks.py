"""Webhooks are made, listed and deleted by an admin; the secret is shown once."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.app.test_access import Key

URL = "https://hooks.example.com/ebb"
NOWHERE = "01890000-0000-7000-8000-000000000000"


def made(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/v1/webhooks", json={"url": URL, **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json)


def test_the_secret_is_shown_once(client: FlaskClient) -> None:
    new = made(client, events=["job.failed"], model="churn")
    assert new["secret"].startswith("whsec_")
    shown = client.get(f"/v1/webhooks/{new['id']}").json
    assert shown == {name: value for name, value in new.items() if name != "secret"}
    assert client.get("/v1/webhooks").json["webhooks"] == [shown]
    assert new["secret"] not in client.get("/v1/audit").text


def test_a_repeated_request_makes_one_webhook(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first, second = (client.post("/v1/webhooks", json={"url": URL}, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(client.get("/v1/webhooks").json["webhooks"]) == 1


def test_an_address_that_must_not_be_called_is_refused(client: FlaskClient) -> None:
    refused = client.post("/v1/webhooks", json={"url": "http://169.254.169.254/"})
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/url")
    assert "EBB_WEBHOOK_HOSTS" in refused.json["detail"]
    assert client.post("/v1/webhooks", json={"url": URL, "events": []}).status_code == 422
    assert client.post("/v1/webhooks", json={"url": URL, "events": ["job.bored"]}).status_code == 422


def test_a_deleted_webhook_is_gone(client: FlaskClient) -> None:
    new = made(client)
    assert [client.delete(f"/v1/webhooks/{new['id']}").status_code for _ in range(2)] == [204, 204]
    assert client.get(f"/v1/webhooks/{new['id']}").status_code == 404
    assert client.get(f"/v1/webhooks/{new['id']}/deliveries").status_code == 404
    actions = [line["action"] for line in client.get("/v1/audit").json["lines"]]
    assert actions == ["webhook.deleted", "webhook.created"]


def test_a_cancelled_job_is_in_the_history_and_can_be_sent_again(client: FlaskClient, dataset: str) -> None:
    new = made(client)
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    client.post(f"/v1/jobs/{job}/cancel")
    history = f"/v1/webhooks/{new['id']}/deliveries"
    (told,) = client.get(history).json["deliveries"]
    assert (told["event"], told["state"], told["attempts"]) == ("job.cancelled", "pending", [])
    assert (told["body"]["type"], told["body"]["data"]["job"]) == ("job.cancelled", job)
    assert client.get(f"{history}?state=failed").json["deliveries"] == []
    assert client.post(f"{history}/{told['id']}/redeliver").status_code == 202
    assert client.post(f"{history}/{NOWHERE}/redeliver").status_code == 404


@pytest.mark.parametrize("scope", ["read", "train", "score", "promote"])
def test_only_an_admin_makes_webhooks(guarded: FlaskClient, key: Key, scope: str) -> None:
    assert guarded.post("/v1/webhooks", json={"url": URL}, headers=key(scope)).status_code == 403
