"""The pages of models: who sees the buttons, what is refused, and what a page never writes as HTML."""

from collections.abc import Callable
from html import unescape

import pytest
from flask.testing import FlaskClient

from model.estimator import Estimator

Key = Callable[..., dict[str, str]]


@pytest.fixture
def database_url(sqlite_file: str) -> str:
    return sqlite_file


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize("path", ["/models/churn", "/models/churn/versions/1"])
def test_buttons_are_for_those_who_may_promote(guarded: FlaskClient, key: Key, path: str) -> None:
    for scopes, seen in ((("read",), False), (("read", "promote"), True), (("admin",), True)):
        answer = guarded.get(path, headers=key(*scopes))
        assert answer.status_code == 200
        assert ("data-action" in answer.text) == seen, scopes


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ("?versions=1", 422, "two to four versions"),
        ("?versions=1,1", 422, "two to 4 different versions"),
        ("?versions=1,2,3,4,5", 422, "two to 4 different versions"),
        ("?versions=1,9", 404, "model 'churn' has no version 9"),
    ],
)
def test_versions_that_cannot_be_compared_are_told(client: FlaskClient, query: str, status: int, told: str) -> None:
    answer = client.get(f"/models/churn/compare{query}")
    assert answer.status_code == status
    assert told in unescape(answer.text)


@pytest.mark.usefixtures("versions")
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?customer=nobody", "no customer 'nobody' in its column 'customer_id'"),
        ("?member=2", "there is no such member"),
        ("?dataset=01890000-0000-7000-8000-000000000000", "there is no such dataset"),
    ],
)
def test_a_glass_box_that_cannot_be_opened_says_why(client: FlaskClient, query: str, told: str) -> None:
    answer = client.get(f"/models/churn/versions/1/glass-box{query}")
    assert 400 <= answer.status_code < 500
    assert told in unescape(answer.text)


def test_a_customer_of_another_dataset_is_shown(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    add_version(by=estimator)
    table = b"customer_id,months,monthly_charge,support_tickets,usage_hours\n<b>7</b>,3,80,4,10\n"
    job = client.post("/v1/jobs/scoring?model=churn&version=1", data=table, content_type="text/csv").json
    answer = client.get(f"/models/churn/versions/1/glass-box?dataset={job['dataset']}")
    assert answer.status_code == 200
    assert "<b>7</b>" not in answer.text
    assert "Glass box: customer <b>7</b>" in unescape(answer.text)
    assert "assumed outcome" in answer.text
