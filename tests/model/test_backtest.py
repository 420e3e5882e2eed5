"""A backtest predicts each period by a training on the periods before it."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.__main__ import main
from model.backtest import ONCE, RETRAINED, Predicted, backtest, together
from model.columns import Days, Numbers, Table, Words
from model.errors import ColumnError, SpecError, TableError
from model.estimator import Fitting
from model.metrics import auc, log_loss
from model.spec import parse_recipe

RECIPE = parse_recipe(
    {"epochs": 15, "optimizer": {"name": "adam", "learning_rate": 0.02}, "columns": {"at": {"drop": True}}}
)
ROWS, MONTHS = 1500, 5


def table(seed: int = 1) -> Table:
    """Customers of five months, the meaning of whose numbers turns round after the second."""
    rng = np.random.default_rng(seed)
    month = np.sort(rng.integers(0, MONTHS, ROWS))
    x, noise = rng.normal(size=ROWS), rng.normal(size=ROWS)
    y = rng.random(ROWS) < 1 / (1 + np.exp(np.where(month < 2, -2.0, 2.0) * x + 0.5))
    columns = {
        "at": Days(19_723.0 + 31.0 * month),  # from January 2024 on
        "x": Numbers(x),
        "noise": Numbers(noise),
        "churned": Words.of(np.where(y, "yes", "no").tolist()),
    }
    return Table(columns, ROWS)


def predictions(most: int = 10) -> list[Predicted]:
    return list(backtest(table(), target="churned", time="at", recipe=RECIPE, most=most))


def test_each_period_is_predicted_by_a_training_on_all_rows_before_it() -> None:
    data, found = table(), predictions()
    assert [each.period["month"] for each in found] == ["2024-02", "2024-03", "2024-04", "2024-05"]
    days = data.columns["at"].values
    for place, each in enumerate(found, start=1):
        before, own = (
            np.flatnonzero(each_rows) for each_rows in (days < 19_723 + 31 * place, days == 19_723 + 31 * place)
        )
        assert (each.train_rows, len(each.y)) == (len(before), len(own))
        fitting = Fitting(data.take(before), target="churned", spec=RECIPE)
        for _ in fitting.epochs():
            pass
        part = data.take(own)
        inputs = {name: part.columns[name] for name in fitting.encoder.names}
        assert np.array_equal(each.log_odds[RETRAINED], fitting.estimator().log_odds(inputs, part.rows))


def test_the_figures_tell_what_new_training_is_worth() -> None:
    found = predictions()
    assert np.array_equal(found[0].log_odds[RETRAINED], found[0].log_odds[ONCE])
    last = found[-1].to_json()
    assert last["retrained_log_loss"] < last["trained_once_log_loss"] - 0.2
    assert last["retrained_auc"] == pytest.approx(auc(found[-1].y, found[-1].log_odds[RETRAINED]), abs=1e-6)
    every = together(found)
    assert every["rows"] == sum(len(each.y) for each in found)
    z = np.concatenate([each.log_odds[ONCE] for each in found])
    assert every["trained_once_log_loss"] == pytest.approx(
        log_loss(np.concatenate([each.y for each in found]), z), abs=1e-6
    )
    assert "logistic_regression_auc" in every


def test_only_the_last_periods_are_predicted() -> None:
    assert [each.period["month"] for each in predictions(most=2)] == ["2024-04", "2024-05"]


@pytest.mark.parametrize(
    ("time", "recipe", "error", "said"),
    [
        ("nope", RECIPE, ColumnError, "no column 'nope'"),
        ("churned", RECIPE, TableError, "must hold a date or number in every row"),
        ("at", parse_recipe({"loss": "squared_error"}), SpecError, "predicts who churned"),
    ],
)
def test_what_cannot_be_tested_is_refused(time: str, recipe: object, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        list(backtest(table(), target="churned", time=time, recipe=recipe, most=3))


def test_one_period_is_refused() -> None:
    rows = table().take(np.flatnonzero(table().columns["at"].values == 19_723.0))
    with pytest.raises(TableError, match="one period only"):
        list(backtest(rows, target="churned", time="at", recipe=RECIPE, most=3))


def test_the_command_prints_the_periods_and_all_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, file = table(), tmp_path / "customers.csv"
    columns = [data.columns[name].scalars() for name in data.columns]
    lines = [",".join(map(str, row)) for row in zip(*columns, strict=True)]
    file.write_text("\n".join([",".join(data.columns), *lines]) + "\n")
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"epochs": 3, "columns": {"at": {"drop": True}}}))
    command = ["backtest", str(file), "--target", "churned", "--time", "at", "--spec", str(spec), "--periods", "2"]
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["month"] for each in told["periods"]] == ["2024-04", "2024-05"]
    assert told["together"]["rows"] == sum(each["rows"] for each in told["periods"])
    assert main(command) == 0
    assert "month 2024-05" in capsys.readouterr().out
