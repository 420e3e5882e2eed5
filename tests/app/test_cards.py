"""The model card has the data of the registry, equal in JSON and Markdown."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from app.model_card import cell
from model.estimator import Estimator

CARD = "/v1/models/churn/versions/1/card"


def test_a_card_describes_a_version(client: FlaskClient, champion: int, estimator: Estimator) -> None:
    version = client.get(f"/v1/models/churn/versions/{champion}").json
    card = client.get(CARD).json
    assert card["aliases"] == ["champion"]
    assert card["metrics"] == version["metrics"] == estimator.metrics
    assert card["details"]["weights_sha256"] == version["weights_sha256"]
    assert card["details"]["parameters"] == 4 * 8 + 8 + 8 * 4 + 4 + 4 + 1
    assert card["details"]["layers"][:2] == ["dense (units 8)", "relu"]
    told = {column["name"]: (column["kind"], column["baseline"]) for column in card["training_data"]["columns"]}
    assert told == {name: ("numeric", value) for name, value in estimator.baseline_customer.items()}
    assert any("Only" in limitation for limitation in card["limitations"])


@pytest.mark.usefixtures("champion")
def test_markdown_is_sent_on_request_with_the_same_facts(client: FlaskClient) -> None:
    card = client.get(CARD).json
    answer = client.get(CARD, headers={"Accept": "text/markdown, application/json;q=0.5"})
    assert (answer.mimetype, answer.headers["Vary"]) == ("text/markdown", "Accept")
    for fact in (card["details"]["weights_sha256"], card["training_data"]["sha256"], *card["limitations"]):
        assert fact in answer.text
    for column in card["training_data"]["columns"]:
        assert f"| {cell(column['name'])} | {column['kind']} |" in answer.text
    again = client.get(CARD, headers={"Accept": "text/markdown", "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert client.get(CARD, headers={"Accept": "*/*"}).mimetype == "application/json"


def test_names_from_a_table_are_escaped_in_the_card(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    hostile = "x| <img src=y>\n# Great"
    add_version(by=replace(estimator, left_out=(hostile,)))
    text = client.get(CARD, headers={"Accept": "text/markdown"}).text
    assert "<img" not in text.replace("\\<img", "")
    assert "\n# Great" not in text
    assert cell(hostile) in text


@pytest.mark.usefixtures("champion")
def test_the_card_tells_what_moves_the_risk_and_against_what(client: FlaskClient, estimator: Estimator) -> None:
    reasons = client.get(CARD).json["metrics"]["reasons"]
    text = client.get(CARD, headers={"Accept": "text/markdown"}).text
    assert "the average over training customers, whom 16 of them represent" in text
    assert "| typical value |" in text
    assert f"standard error of about {cell(reasons['error'])}" in text
    for column in reasons["columns"]:
        first, row = column["values"][0], f"| {cell(column['column'])} | {cell(column['importance'])} |"
        line = next(line for line in text.splitlines() if line.startswith(row))
        assert f"{first['contribution']:+.2f}" in line


def test_values_of_a_table_are_escaped_in_the_importance(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    hostile = "x| <img src=y>\n# Great"
    values = [{"value": hostile, "rows": 2, "contribution": 0.5}, {"value": None, "rows": 1, "contribution": -0.5}]
    column = {"column": hostile, "importance": 0.5, "error": 0.1, "values": values}
    reasons = {**estimator.metrics["reasons"], "baseline": "stayer", "columns": [column]}
    add_version(by=replace(estimator, metrics={**estimator.metrics, "reasons": reasons}))
    text = client.get(CARD, headers={"Accept": "text/markdown"}).text
    assert "a typical customer who stayed" in text
    assert f"| {cell(hostile)} | 0.5 | {cell(hostile)}: +0.50, missing: -0.50 |" in text
    assert "<img" not in text.replace("\\<img", "")


def test_a_card_shows_the_evaluation_and_its_warnings(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    warning = {"code": "still_improving", "column": None, "detail": "train |more"}
    evaluation = {**estimator.metrics["evaluation"], "warnings": [warning]}
    add_version(by=replace(estimator, metrics={**estimator.metrics, "evaluation": evaluation}))
    assert client.get(CARD).json["warnings"] == ["train |more"]
    text = client.get(CARD, headers={"Accept": "text/markdown"}).text
    assert "- Warning: train \\|more" in text
    other = evaluation["beside"]["logistic_regression"]
    assert f"| logistic\\_regression | {other['rows']} | {cell(other['log_loss'])} |" in text
    assert f"| auc | {cell(evaluation['metrics']['auc']['value'])} |" in text
    assert f"| {evaluation['deciles'][0]['rows']} |" in text


def test_a_card_of_an_earlier_release_has_no_evaluation(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    add_version(by=replace(estimator, metrics={"valid_rows": 9}))
    assert client.get(CARD).json["warnings"] == []
    assert "did not train on" not in client.get(CARD, headers={"Accept": "text/markdown"}).text


def test_the_card_of_a_sweeps_winner_says_that_selection_flatters_it(
    client: FlaskClient, add_version: Callable[..., int], estimator: Estimator
) -> None:
    sweep = {"compared": 12, "optimism": 0.00214}
    add_version(by=replace(estimator, metrics={**estimator.metrics, "sweep": sweep}))
    told = "best of 12 configurations by the held-out rows, which flatters it: expect a loss about 0.0021 higher"
    assert any(told in limitation for limitation in client.get(CARD).json["limitations"])


def test_a_card_of_a_missing_version_is_404(client: FlaskClient) -> None:
    assert client.get(CARD).status_code == 404
