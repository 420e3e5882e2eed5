"""A training's result has the warnings about its table as a whole."""

from tests.worker.trainings import Trainings


def test_a_portfolio_of_few_rows_says_in_its_result_that_it_is_logistic_regression(on_sqlite: Trainings) -> None:
    row = on_sqlite.train({"preset": "quick"})
    assert row.state == "succeeded", row.error_text
    assert "few_rows" in [warning["code"] for warning in row.result["warnings"]]
