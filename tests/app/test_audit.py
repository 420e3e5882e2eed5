"""The audit log over HTTP, for keys with the scope admin."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from tests.app.conftest import CSV

Key = Callable[..., dict[str, str]]


def lines(client: FlaskClient, query: str = "", **headers: str) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/audit{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json["lines"])


def test_every_action_leaves_one_line_with_actor_and_request(
    guarded: FlaskClient, key: Key, add_version: Callable[..., int]
) -> None:
    admin = key("admin")
    actor = admin["Authorization"].split("_")[1]
    upload = "/v1/datasets?target=churned&id=customer_id"
    named = {**admin, "X-Request-ID": "up-1"}
    dataset = guarded.post(upload, data=CSV, content_type="text/csv", headers=named).json["id"]
    guarded.post(upload, data=CSV, content_type="text/csv", headers=admin)  # the same again is no new deed
    training = {"model": "m", "dataset": dataset}
    job = guarded.post("/v1/jobs/training", json=training, headers={**admin, "X-Request-ID": "train-1"}).json["id"]
    guarded.post(f"/v1/jobs/{job}/cancel", headers={**admin, "X-Request-ID": "cancel-1"})
    retried = guarded.post(f"/v1/jobs/{job}/retry", headers={**admin, "X-Request-ID": "retry-1"}).json["id"]
    version = add_version()
    alias = "/v1/models/churn/aliases/champion"
    move = {**admin, "If-None-Match": "*", "X-Request-ID": "move-1"}
    assert guarded.put(alias, json={"version": version}, headers=move).status_code == 201
    told = [
        (line["action"], line["subject"], line["request_id"]) for line in lines(guarded, f"?actor={actor}", **admin)
    ]
    assert told[::-1] == [
        ("dataset.uploaded", dataset, "up-1"),
        ("job.submitted", job, "train-1"),
        ("job.cancelled", job, "cancel-1"),
        ("job.submitted", retried, "retry-1"),
        ("alias.moved", "churn/champion", "move-1"),
    ]


def test_a_refused_request_leaves_no_line(client: FlaskClient) -> None:
    client.post("/v1/jobs/training", json={"model": "m", "dataset": "01890000-0000-7000-8000-000000000000"})
    client.put("/v1/models/churn/aliases/champion", json={"version": 1}, headers={"If-None-Match": "*"})
    assert lines(client) == []


def test_a_replayed_submission_leaves_no_second_line(client: FlaskClient, dataset: str) -> None:
    for _ in range(2):
        headers = {"Idempotency-Key": "once"}
        assert client.post("/v1/jobs/training", json={"model": "m", "dataset": dataset}, headers=headers).status_code
    assert len(lines(client, "?action=job.submitted")) == 1


def test_keys_are_shown_without_their_secrets(client: FlaskClient, key: Key) -> None:
    made = key("read", "score")["Authorization"].split("_")
    (line,) = lines(client, "?action=key.created")
    assert (line["subject"], line["data"]) == (made[1], {"name": "test", "scopes": ["read", "score"]})
    assert made[2] not in str(line)


def test_it_comes_in_pages_and_refuses_strange_filters(client: FlaskClient, key: Key) -> None:
    for _ in range(3):
        key("read")
    first = client.get("/v1/audit?page_size=2").json
    second = client.get(f"/v1/audit?page_size=2&page_token={first['next_page_token']}").json
    assert [len(first["lines"]), len(second["lines"]), second["next_page_token"]] == [2, 1, None]
    assert client.get("/v1/audit?action=nonsense").status_code == 422


def test_an_upload_under_one_key_is_answered_once(client: FlaskClient) -> None:
    def upload(key: str, body: bytes = CSV, query: str = "target=churned&id=customer_id") -> Any:
        headers = {"Idempotency-Key": key}
        return client.post(f"/v1/datasets?{query}", data=body, content_type="text/csv", headers=headers)

    first, again = upload("a"), upload("a")
    assert (first.status_code, again.status_code) == (201, 201), "201 again, though now the dataset is there"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (again.data, again.headers["Location"]) == (first.data, first.headers["Location"])
    assert upload("a", body=CSV + b"c-9,1,1,1,1,0\n").status_code == 422
    assert upload("a", query="target=churned").status_code == 422
    assert upload("b").status_code == 200
    assert upload("\t").status_code == 422


def test_a_refused_upload_leaves_its_key_free(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "a"}
    for body, status in ((b"a\n1\n", 422), (CSV, 201)):
        answer = client.post("/v1/datasets?target=churned", data=body, content_type="text/csv", headers=headers)
        assert answer.status_code == status, answer.text


def test_the_same_key_of_another_caller_is_another_key(guarded: FlaskClient, key: Key) -> None:
    for headers in (key("train"), key("train")):
        answer = guarded.post(
            "/v1/datasets?target=churned",
            data=CSV,
            content_type="text/csv",
            headers={**headers, "Idempotency-Key": "a"},
        )
        assert "Idempotency-Replayed" not in answer.headers
