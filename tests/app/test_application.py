"""What is left out of Flask is missed by nobody: paths lead where they led."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.application import MOST_PATHS, Application


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_path_leads_to_the_same_place_when_asked_for_again(client: FlaskClient, method: str) -> None:
    def ask(path: str) -> tuple[int, str, str]:
        answer = client.open(path, method=method, headers={"X-Request-ID": "the-same"})
        return answer.status_code, answer.headers.get("Allow", ""), answer.text

    paths = ("/v1/models/one/versions/1", "/v1/models/two/versions/2", "/nowhere")
    assert [ask(path) for path in paths] == [ask(path) for path in paths]


def test_only_so_many_paths_are_remembered(app: Flask, client: FlaskClient) -> None:
    assert isinstance(app, Application)
    for number in range(MOST_PATHS + 10):
        client.get(f"/v1/models/m{number}/versions/1")
        client.get(f"/nowhere/{number}")
    assert 0 < len(app.known_paths) <= MOST_PATHS


def test_who_asks_for_a_websocket_is_answered_in_plain_http(client: FlaskClient) -> None:
    answer = client.get("/livez", headers={"Connection": "Upgrade", "Upgrade": "websocket"})
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})
