"""The demonstration waits for its requests, and reports a missing result."""

from collections.abc import Iterator

import pytest

from ebb.client import Client
from ebb.client.client import version_of
from ebb.customers import customers
from ebb.demo.run import alias_for, score_by_alias
from ebb.errors import DemoError, JobError
from tests.ebb.service import Service, serving


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def scored(version: int, errors: int = 0) -> dict[str, object]:
    return {"model": "churn", "version": version, "alias": "champion", "scores": [], "errors": errors}


def test_scoring_waits_until_the_moved_alias_answers(client: Client, service: Service) -> None:
    service.will_answer(scored(1))
    service.will_answer(scored(2))
    assert score_by_alias(client, customers(3), 2).version == 2


def test_a_customer_without_a_score_stops_the_demonstration(client: Client, service: Service) -> None:
    service.will_answer(scored(2, errors=1))
    with pytest.raises(DemoError, match="1 of 3"):
        score_by_alias(client, customers(3), 2)


@pytest.mark.parametrize("result", [None, {}, {"version": "1"}])
def test_a_success_without_a_version_is_an_error(result: dict[str, object] | None) -> None:
    with pytest.raises(JobError, match="version"):
        version_of(result)


@pytest.mark.parametrize(("data", "alias"), [("ab", "champion"), ("cd", "demo")])
def test_a_champion_trained_on_other_data_is_not_moved(client: Client, service: Service, data: str, alias: str) -> None:
    service.will_answer({"alias": "champion", "version": 3, "revision": 5}, 200, ETag='"5"')
    none: dict[str, object] = {}
    version = {"version": 3, "job_id": "j", "spec": none, "metrics": none, "data_sha256": data, "environment": none}
    service.will_answer({**version, "weights_sha256": "w"})
    assert alias_for(client, "ab") == alias


def test_a_new_model_gets_its_champion_from_the_demonstration(client: Client, service: Service) -> None:
    service.will_answer({"title": "Not Found", "status": 404, "detail": "no"}, 404)
    assert alias_for(client, "ab") == "champion"
