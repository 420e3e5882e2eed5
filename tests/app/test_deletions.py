"""Datasets, results and versions are deleted by those who made them, unless an alias or a live job needs them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from store.artifacts import ArtifactStore
from store.database import Database
from store.jobs.claim import claim
from store.jobs.finish import succeed
from store.results import add_result
from store.settings import Settings
from tests.app.conftest import CSV
from tests.app.test_access import Key

UPLOAD = "/v1/datasets?target=churned&id=customer_id"
NOWHERE = "01890000-0000-7000-8000-000000000000"


def files(settings: Settings) -> list[Path]:
    return list(settings.artifacts.glob("??/*"))


def actions(client: FlaskClient, action: str) -> list[dict[str, Any]]:
    return list(client.get(f"/v1/audit?action={action}").json["lines"])


def fetch(client: FlaskClient, path: str, **headers: str) -> tuple[int, bytes]:
    """Return status and body, and close the file behind the answer."""
    with client.get(path, headers=headers) as answer:
        return answer.status_code, answer.data


def test_a_dataset_comes_back_byte_by_byte(client: FlaskClient, dataset: str) -> None:
    assert fetch(client, f"/v1/datasets/{dataset}/content") == (200, CSV)
    assert fetch(client, f"/v1/datasets/{dataset}/content", Range="bytes=5-9") == (206, CSV[5:10])


def test_a_deleted_dataset_is_gone_with_its_file_and_comes_back_by_an_upload(
    client: FlaskClient, dataset: str, settings: Settings
) -> None:
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert files(settings) == []
    assert [line["subject"] for line in actions(client, "dataset.deleted")] == [dataset]
    gone = client.get(f"/v1/datasets/{dataset}")
    assert (gone.status_code, "was deleted at" in gone.json["detail"]) == (410, True)
    assert client.get(f"/v1/datasets/{dataset}/content").status_code == 410
    assert client.get("/v1/datasets").json["datasets"] == []
    refused = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset})
    assert refused.json["errors"][0]["code"] == "expired"
    assert client.post(UPLOAD, data=CSV, content_type="text/csv").json["id"] == dataset
    assert fetch(client, f"/v1/datasets/{dataset}/content") == (200, CSV)


def test_bytes_stay_while_another_dataset_has_them(client: FlaskClient, dataset: str, settings: Settings) -> None:
    other = client.post("/v1/datasets?target=churned", data=CSV, content_type="text/csv").json["id"]
    client.delete(f"/v1/datasets/{dataset}")
    assert fetch(client, f"/v1/datasets/{other}/content") == (200, CSV)
    client.delete(f"/v1/datasets/{other}")
    assert files(settings) == []


def test_a_dataset_that_an_unfinished_job_reads_stays(client: FlaskClient, dataset: str) -> None:
    job = client.post("/v1/jobs/training", json={"model": "churn", "dataset": dataset}).json["id"]
    refused = client.delete(f"/v1/datasets/{dataset}")
    assert (refused.status_code, refused.json["type"]) == (409, "urn:problem-type:ebb:in-use")
    assert job in refused.json["detail"]
    client.post(f"/v1/jobs/{job}/cancel")
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204


def test_what_an_alias_needs_stays(client: FlaskClient, champion: int, add_version: Callable[..., int]) -> None:
    version = client.get(f"/v1/models/churn/versions/{champion}").json
    for path in (f"/v1/datasets/{version['dataset']}", f"/v1/models/churn/versions/{champion}"):
        refused = client.delete(path)
        assert (refused.status_code, "alias 'champion'" in refused.json["detail"]) == (409, True)
    other = add_version()
    moved = client.put("/v1/models/churn/aliases/champion", json={"version": other}, headers={"If-Match": '"1"'})
    assert moved.status_code == 200
    assert client.delete(f"/v1/models/churn/versions/{champion}").status_code == 204


def test_a_deleted_version_is_not_found_and_its_number_is_not_used_again(
    client: FlaskClient, add_version: Callable[..., int]
) -> None:
    number, path = add_version(), "/v1/models/churn/versions/1"
    assert client.post("/v1/models/churn/score?version=1", json={"records": [{}]}).status_code == 200
    assert [client.delete(path).status_code for _ in range(2)] == [204, 204]
    assert client.delete("/v1/models/churn/versions/2").status_code == 404
    assert client.get(path).status_code == client.get(f"{path}/weights").status_code == 404
    assert client.post("/v1/models/churn/score?version=1", json={"records": [{}]}).status_code == 404
    assert [line["subject"] for line in actions(client, "version.deleted")] == ["churn/1"]
    refused = client.put("/v1/models/churn/aliases/a", json={"version": 1}, headers={"If-None-Match": "*"})
    assert refused.status_code == 404
    assert (number, add_version()) == (1, 2)


def test_a_version_that_an_unfinished_job_uses_stays(
    client: FlaskClient, dataset: str, add_version: Callable[..., int]
) -> None:
    add_version()
    body = {"model": "churn", "dataset": dataset, "version": 1}
    job = client.post("/v1/jobs/scoring", json=body).json["id"]
    refused = client.delete("/v1/models/churn/versions/1")
    assert (refused.status_code, job in refused.json["detail"]) == (409, True)
    client.post(f"/v1/jobs/{job}/cancel")
    assert client.delete("/v1/models/churn/versions/1").status_code == 204
    assert client.post(f"/v1/jobs/{job}/retry").status_code == 404


def test_a_card_outlives_its_dataset(client: FlaskClient, add_version: Callable[..., int]) -> None:
    add_version()
    dataset = client.get("/v1/models/churn/versions/1").json["dataset"]
    assert client.delete(f"/v1/datasets/{dataset}").status_code == 204
    assert client.get("/v1/models/churn/versions/1/card").status_code == 200
    assert client.post("/v1/models/churn/versions/1/replay").status_code == 410


@pytest.fixture
def scored(client: FlaskClient, dataset: str, champion: int, database: Database, settings: Settings) -> str:
    """A scoring job that has succeeded, as a worker ends it."""
    job = str(client.post("/v1/jobs/scoring", json={"model": "churn", "dataset": dataset}).json["id"])
    kept = ArtifactStore(settings.artifacts)
    result = kept.put([b"customer_id,churn_probability\n"])

    def end(connection: Any) -> None:
        mine = claim(connection, job, worker="w", lease_seconds=30)
        assert mine is not None
        succeed(connection, mine, {"sha256": result.sha256})
        add_result(connection, job, result)

    database.write(end)
    kept.mark_recorded(result.sha256)
    return job


def test_a_deleted_result_is_gone_and_its_job_stays(client: FlaskClient, scored: str, settings: Settings) -> None:
    before = len(files(settings))
    assert fetch(client, f"/v1/jobs/{scored}/result")[0] == 200
    assert [client.delete(f"/v1/jobs/{scored}/result").status_code for _ in range(2)] == [204, 204]
    assert client.get(f"/v1/jobs/{scored}/result").status_code == 410
    assert client.get(f"/v1/jobs/{scored}").json["state"] == "succeeded"
    assert len(files(settings)) == before - 1
    assert [line["subject"] for line in actions(client, "result.deleted")] == [scored]


def test_a_job_without_a_result_has_none_to_delete(client: FlaskClient, dataset: str, champion: int) -> None:
    body = {"model": "churn", "dataset": dataset}
    waiting = client.post("/v1/jobs/scoring", json=body).json["id"]
    training = client.post("/v1/jobs/training", json=body).json["id"]
    assert client.delete(f"/v1/jobs/{waiting}/result").status_code == 409
    assert client.delete(f"/v1/jobs/{training}/result").status_code == 404
    assert client.delete(f"/v1/jobs/{NOWHERE}/result").status_code == 404
    assert client.delete(f"/v1/datasets/{NOWHERE}").status_code == 404


@pytest.mark.usefixtures("scored", "champion")
def test_only_who_made_it_or_an_admin_deletes(guarded: FlaskClient, client: FlaskClient, scored: str, key: Key) -> None:
    job = client.get(f"/v1/jobs/{scored}").json
    paths = [f"/v1/datasets/{job['dataset']}", f"/v1/jobs/{scored}/result", "/v1/models/churn/versions/1"]
    for path in paths:
        assert guarded.delete(path, headers=key("train", "score", "promote", "read")).status_code == 403
    mine, others = key("train"), key("train")
    made = guarded.post("/v1/datasets?target=churned", data=CSV, content_type="text/csv", headers=mine).json["id"]
    assert guarded.delete(f"/v1/datasets/{made}", headers=others).status_code == 403
    assert guarded.delete(f"/v1/datasets/{made}", headers=mine).status_code == 204
    assert guarded.delete(f"/v1/jobs/{scored}/result", headers=key("admin")).status_code == 204


def test_a_model_has_its_aliases(client: FlaskClient, champion: int) -> None:
    told = client.get("/v1/models/churn").json
    assert (told["name"], told["last_version"]) == ("churn", champion)
    assert [(alias["alias"], alias["version"]) for alias in told["aliases"]] == [("champion", champion)]
    assert client.get("/v1/models/other").status_code == 404
