"""The client: requests of the contract, waiting and retries, and clear errors."""

import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from werkzeug.wrappers import Response

from ebb.client import Client
from ebb.errors import BusyError, DatasetNameError, RefusedError, UnreachableError, UnreadableError
from tests.ebb.service import Service, serving

JOB = {"id": "j1", "kind": "training", "state": "queued", "something_newer": {"a": 1}}
PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "2 things are wrong.",
    "errors": [{"pointer": "/spec/epochs", "code": "range", "detail": "must be at least 1"}],
    "request_id": "r-77",
}


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url, "ebb_abc_secret", retry_seconds=2) as client:
        yield client


def test_an_upload_sends_the_bytes_with_their_type_name_and_key(client: Client, service: Service) -> None:
    service.will_answer({"id": "d1", "sha256": "ab", "rows": 2, "columns": []}, 201)
    dataset = client.upload_dataset(b"a,b\n1,2\n", name="home", target="churned", id_column="customer_id")
    sent = service.requests[0]
    assert (dataset.id, dataset.rows) == ("d1", 2)
    assert (sent.method, sent.path, sent.data) == ("POST", "/v1/datasets", b"a,b\n1,2\n")
    assert sent.args.to_dict() == {"name": "home", "target": "churned", "id": "customer_id"}
    assert sent.content_type == "text/csv"
    assert sent.headers["Authorization"] == "Bearer ebb_abc_secret"


def test_a_training_request_matches_the_contract(client: Client, service: Service) -> None:
    service.will_answer(JOB, 202, Location="/v1/jobs/j1")
    job = client.submit_training("churn", "d1", {"layers": [8, 4]})
    assert (job.id, job.state, job.finished) == ("j1", "queued", False)
    sent = service.requests[0]
    assert sent.path == "/v1/jobs/training"
    assert sent.json == {"model": "churn", "dataset": "d1", "spec": {"layers": [8, 4]}, "promote": "never"}


def test_a_retry_after_503_uses_the_same_idempotency_key(client: Client, service: Service) -> None:
    service.will_answer({"title": "busy", "status": 503}, 503, Retry_After="0")
    service.will_answer({"title": "busy", "status": 429}, 429, Retry_After="1")
    service.will_answer(JOB, 202)
    assert client.submit_training("churn", "d1", {}).id == "j1"
    assert len({request.headers["Idempotency-Key"] for request in service.requests}) == 1


def test_two_submissions_are_two_idempotency_keys(client: Client, service: Service) -> None:
    service.will_answer(JOB, 202)
    service.will_answer(JOB, 202)
    client.submit_training("churn", "d1", {})
    client.submit_training("churn", "d1", {})
    assert len({request.headers["Idempotency-Key"] for request in service.requests}) == 2


def test_a_wait_beyond_the_limit_is_not_started(client: Client, service: Service) -> None:
    service.will_answer({"title": "Service Unavailable", "detail": "No worker."}, 503, Retry_After="60")
    with pytest.raises(BusyError, match="No worker"):
        client.job("j1")


def test_a_problem_is_shown_with_pointers_and_request_id(client: Client, service: Service) -> None:
    service.will_answer(PROBLEM, 422)
    with pytest.raises(RefusedError) as refused:
        client.submit_training("churn", "d1", {"epochs": 0})
    told = str(refused.value)
    for part in ("422", "2 things are wrong.", "/spec/epochs: must be at least 1", "r-77"):
        assert part in told
    assert refused.value.problem.status == 422


def test_a_detail_that_says_all_is_not_told_twice(client: Client, service: Service) -> None:
    error = {"pointer": "/query/id", "code": "unknown", "detail": "there is no id column 'x'"}
    service.will_answer({**PROBLEM, "detail": error["detail"], "errors": [error]}, 422)
    with pytest.raises(RefusedError) as refused:
        client.submit_training("churn", "d1", {})
    assert str(refused.value).count("there is no id column") == 1


def test_an_address_that_is_none_is_told_as_one() -> None:
    with (
        Client("churn.example") as client,
        pytest.raises(UnreachableError, match="must begin with http:// or https://"),
    ):
        client.job("j1")


def test_the_error_page_of_a_proxy_is_shown(client: Client, service: Service) -> None:
    service.answers.append(Response("<h1>Bad\n gateway</h1>", 502, content_type="text/html"))
    with pytest.raises(RefusedError, match="<h1>Bad gateway</h1>"):
        client.job("j1")


def test_an_answer_outside_the_contract_is_an_error_that_names_the_request(client: Client, service: Service) -> None:
    service.will_answer({"id": 5})
    with pytest.raises(UnreadableError, match="/v1/jobs/j1"):
        client.job("j1")


def test_the_error_of_an_unreachable_service_says_how_to_start_it() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with Client(url) as client, pytest.raises(UnreachableError, match="ebb up"):
            client.job("j1")


def test_a_list_is_followed_through_its_pages(client: Client, service: Service) -> None:
    first = {"epoch": 1, "learning_rate": 0.01, "train_loss": 0.7, "valid_loss": 0.6, "valid_auc": None}
    service.will_answer({"epochs": [first], "next_page_token": "t/2"})
    service.will_answer({"epochs": [first | {"epoch": 2}], "next_page_token": None})
    assert [epoch.epoch for epoch in client.epochs("j1")] == [1, 2]
    assert [request.args.get("page_token") for request in service.requests] == [None, "t/2"]


def test_the_first_move_requires_that_the_alias_does_not_exist(client: Client, service: Service) -> None:
    service.will_answer({"title": "Not Found", "status": 404}, 404)
    service.will_answer({"alias": "champion", "version": 1, "revision": 1}, 200)
    assert client.move_alias("churn", "champion", 1).version == 1
    put = service.requests[1]
    assert (put.method, put.path, put.json) == ("PUT", "/v1/models/churn/aliases/champion", {"version": 1})
    assert put.headers["If-None-Match"] == "*"
    assert "If-Match" not in put.headers


def test_a_later_move_names_the_revision_it_saw(client: Client, service: Service) -> None:
    service.will_answer({"alias": "champion", "version": 1, "revision": 4}, 200, ETag='"4"')
    service.will_answer({"title": "Precondition Failed", "status": 412}, 412)
    with pytest.raises(RefusedError, match="412"):
        client.move_alias("churn", "champion", 2)
    assert service.requests[1].headers["If-Match"] == '"4"'


def test_scores_have_types_and_an_invalid_record_keeps_its_place(client: Client, service: Service) -> None:
    good = {
        "customer_id": "c-1",
        "churn_probability": 0.25,
        "reasons": [{"column": "months", "value": 24, "contribution": -1.5}],
    }
    bad = {
        "customer_id": "c-2",
        "error": {"pointer": "/records/1/months", "code": "type", "detail": "not a number"},
    }
    service.will_answer({"model": "churn", "version": 7, "alias": "champion", "scores": [good, bad], "errors": 1})
    scored = client.score("churn", {"records": [{"months": 24}, {"months": "x"}]}, explain=1)
    assert (scored.version, scored.errors) == (7, 1)
    assert scored.scores[0].reasons[0].contribution == -1.5
    assert scored.scores[1].churn_probability is None
    assert scored.scores[1].error is not None
    assert service.requests[0].args.to_dict() == {"alias": "champion"}
    assert service.requests[0].json["explain"] == 1


def test_a_version_may_be_named_instead_of_an_alias(client: Client, service: Service) -> None:
    service.will_answer({"model": "churn", "version": 3, "scores": []})
    client.score("churn", {"columns": {"months": []}}, by=3)
    assert service.requests[0].args.to_dict() == {"version": "3"}


def test_a_name_cannot_leave_its_place_in_the_path(client: Client, service: Service) -> None:
    service.will_answer({"title": "Not Found", "status": 404}, 404)
    with pytest.raises(RefusedError):
        client.job("../models?x")
    assert service.requests[0].path == "/v1/jobs/../models?x"
    assert service.requests[0].query_string == b""


class Breaking:
    """A port that closes some connections after the request, before a real service answers the next."""

    def __init__(self, breaks: int, answer: dict[str, object]) -> None:
        self.left, self.requests = breaks, list[bytes]()
        self._body = json.dumps(answer).encode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                while request.count(b"\r\n\r\n") == 0:
                    request += connection.recv(65536)
                self.requests.append(request)
                self.left -= 1
                if self.left < 0:
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self._body)}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode() + self._body)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def breaking() -> Iterator[Callable[..., Breaking]]:
    made: list[Breaking] = []

    def start(breaks: int) -> Breaking:
        made.append(Breaking(breaks, JOB))
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_a_read_is_repeated_after_a_broken_connection(breaking: Callable[..., Breaking]) -> None:
    port = breaking(2)
    with Client(port.url) as client:
        assert client.job("j1").id == "j1"
    assert len(port.requests) == 3


def test_a_broken_submission_is_repeated_with_its_idempotency_key(breaking: Callable[..., Breaking]) -> None:
    port = breaking(1)
    with Client(port.url) as client:
        client.submit_training("churn", "d1")
    keys = {line for request in port.requests for line in request.splitlines() if b"idempotency" in line.lower()}
    assert (len(port.requests), len(keys)) == (2, 1)


def test_a_move_of_an_alias_is_not_repeated(breaking: Callable[..., Breaking]) -> None:
    port = breaking(9)
    with Client(port.url) as client, pytest.raises(UnreachableError, match="broke"):
        client._connection.send("PUT", "/v1/models/churn/aliases/champion", content=b"{}")
    assert len(port.requests) == 1


def test_a_connection_that_keeps_breaking_is_an_error(breaking: Callable[..., Breaking]) -> None:
    port = breaking(99)
    with Client(port.url) as client, pytest.raises(UnreachableError, match="broke"):
        client.job("j1")
    assert len(port.requests) == 4


def test_a_dataset_is_found_by_its_name(client: Client, service: Service) -> None:
    home = {"id": "d1", "sha256": "ab", "rows": 2, "name": "home", "created_at": "2026-01-02T03:04:05Z"}
    service.will_answer({"datasets": [home], "next_page_token": None})
    assert client.dataset("home").id == "d1"
    assert service.requests[0].args["name"] == "home"
    service.will_answer({"datasets": [home, home | {"id": "d2"}], "next_page_token": None})
    with pytest.raises(DatasetNameError, match="d1 of 2026-01-02T03:04, d2"):
        client.dataset("home")
    service.will_answer({"datasets": [], "next_page_token": None})
    with pytest.raises(DatasetNameError, match="no dataset"):
        client.dataset("hme")
