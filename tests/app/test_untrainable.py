"""A training that would refuse a column of its dataset is refused when it is submitted or validated."""

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    """One database is enough for what the schema of a dataset tells."""
    return sqlite_file


def submit(client: FlaskClient, header: str, lines: list[str], **spec: object) -> tuple[int, object]:
    data = "\n".join([header, *(f"{line},{row % 2}" for row, line in enumerate(lines))]) + "\n"
    uploaded = client.post("/v1/datasets?target=churned", data=data.encode(), content_type="text/csv")
    assert uploaded.status_code in (200, 201), uploaded.text
    body = {"model": "churn", "dataset": uploaded.json["id"], "spec": spec, "validate_only": True}
    answer = client.post("/v1/jobs/training", json=body)
    return answer.status_code, [(one["pointer"], one["code"]) for one in answer.json.get("errors", ())]


def test_a_column_of_too_many_texts_is_refused_unless_it_is_left_out(client: FlaskClient) -> None:
    lines = [f"name {row},{row % 7}" for row in range(200)]
    assert submit(client, "name,months,churned", lines) == (422, [("/spec/columns/name", "conflict")])
    assert submit(client, "name,months,churned", lines, columns={"name": {"drop": True}}) == (200, [])


def test_a_dataset_without_a_column_to_learn_from_is_refused(client: FlaskClient) -> None:
    lines = ["7,x,,true" for _ in range(60)]
    assert submit(client, "a,b,c,d,churned", lines) == (422, [("/spec/columns", "conflict")])
    lines = [f"7,x,{row % 2},true" for row in range(60)]
    assert submit(client, "a,b,c,d,churned", lines) == (200, [])
