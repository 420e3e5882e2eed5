import csv
import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from ebb.customers import customers
from model.__main__ import main
from model.errors import OUT_OF_MEMORY, EstimatorError
from model.estimator import Estimator
from model.layers import CATALOG
from model.probabilities import sigmoid
from model.trace import trace
from tests.model.fitted import fit, home_table

SPEC = {
    "columns": {
        "months": {"scale": 60},
        "monthly_charge": {"scale": 160},
        "support_tickets": {"scale": 10},
        "usage_hours": {"scale": 100},
    },
    "epochs": 5,
}
CUSTOMER = {"months": 24, "monthly_charge": 79.99, "support_tickets": 2, "usage_hours": 45}


@pytest.fixture
def trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path, dict[str, object]]:
    table, spec, out = tmp_path / "customers.csv", tmp_path / "spec.json", tmp_path / "churn.safetensors"
    customers(300, 1).write_csv(table)
    spec.write_text(json.dumps(SPEC))
    arguments = ["train", str(table), "--target", "churned", "--id", "customer_id", "--spec", str(spec)]
    assert main([*arguments, "--out", str(out), "--json"]) == 0
    return table, out, json.loads(capsys.readouterr().out)


def test_train_prints_its_result_and_writes_the_estimator(trained):
    _, out, result = trained
    assert list(result) == ["epochs", "steps", "train_loss", "valid_loss", "valid_auc", "fit_seconds", "sha256"]
    assert result["epochs"] == 5
    assert result["steps"] == 5 * 8
    assert result["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert 0.0 < result["fit_seconds"] < 60.0
    assert load_file(out)
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_train_warns_of_a_version_that_loses_to_logistic_regression(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    lines = [f"{value:.4f},{int(value + rng.normal() > 0.5)}" for value in x]
    (tmp_path / "small.csv").write_text("x,churned\n" + "\n".join(lines))
    (tmp_path / "spec.json").write_text('{"epochs": 3}')
    places = [str(tmp_path / "small.csv"), "--spec", str(tmp_path / "spec.json"), "--out", str(tmp_path / "out")]
    assert main(["train", *places, "--target", "churned"]) == 0
    assert "warning: logistic regression is better on the same rows: log loss 0." in capsys.readouterr().err


def test_predict_writes_the_bits_of_the_estimator(trained, tmp_path, capsys):
    table, out, _ = trained
    scored = tmp_path / "scored.csv"
    assert main(["predict", str(out), str(table), "--out", str(scored)]) == 0
    rows = list(csv.DictReader(scored.read_text().splitlines()))
    drawn = customers(300, 1)
    assert [row["customer_id"] for row in rows] == drawn.customer_id.tolist()
    estimator = Estimator.from_bytes(out.read_bytes())
    columns = {name: values for name, values in drawn.columns().items() if name != "customer_id"}
    probabilities = estimator.predict(columns, 300)
    assert [float(row["churn_probability"]) for row in rows] == probabilities.tolist()


def test_predict_reports_a_bad_row_and_scores_the_others(trained, tmp_path, capsys):
    _, out, _ = trained
    table, scored = tmp_path / "new.csv", tmp_path / "scored.csv"
    table.write_text(
        "customer_id,months,monthly_charge,support_tickets,usage_hours\n"
        "=cmd(),24,79.99,2,45\nc-2,many,79.99,2,45\nc-3,,79.99,2,45\nc-4,1e9,79.99,2,45\n"
    )
    assert main(["predict", str(out), str(table), "--out", str(scored), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["errors"] == 2
    rows = list(csv.DictReader(scored.read_text().splitlines()))
    assert [bool(row["churn_probability"]) for row in rows] == [True, False, True, False]
    assert rows[0]["customer_id"] == "'=cmd()"
    assert "'many' is not a number" in rows[1]["error"]
    assert "is not between" in rows[3]["error"]


def test_trace_computes_the_published_equations(trained, capsys):
    _, out, _ = trained
    assert main(["trace", str(out), "--record", json.dumps(CUSTOMER), "--label", "0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [round(value, 2) for value in told["features"].values()] == [0.40, 0.50, 0.20, 0.45]
    layers = [{name: np.array(values) for name, values in layer.items()} for layer in told["layers"]]
    a = np.array(list(told["features"].values()))
    inputs = []
    for number, layer in enumerate(layers):
        inputs.append(a)
        z = a @ layer["weight"] + layer["bias"]
        a = z if number == len(layers) - 1 else np.maximum(z, 0.0)
        assert np.allclose(layer["z"], z, rtol=0, atol=1e-15)
        assert np.allclose(layer["a"], a, rtol=0, atol=1e-15)
    p = 1.0 / (1.0 + np.exp(-a[0]))
    assert told["probability"] == pytest.approx(p, abs=1e-15)
    assert told["loss"] == pytest.approx(-np.log(1.0 - p), abs=1e-14)
    delta = np.array([p - 0.0])
    for number in (2, 1, 0):
        layer = layers[number]
        assert np.allclose(layer["delta"], delta, rtol=0, atol=1e-15)
        assert np.allclose(layer["weight_gradient"], inputs[number][:, None] * delta, rtol=0, atol=1e-15)
        assert np.allclose(layer["bias_gradient"], delta, rtol=0, atol=1e-15)
        # The first step of Adam: m̂ = g and v̂ = g².
        for name in ("weight", "bias"):
            g = layer[f"{name}_gradient"]
            step = 0.001 * g / (np.abs(g) + 1e-8)
            assert np.allclose(layer[f"{name}_after"], layer[name] - step, rtol=0, atol=1e-12)
        before = layers[number - 1]["z"] > 0 if number else 1.0
        delta = (delta @ layer["weight"].T) * before
    assert np.allclose(told["input_gradient"], delta, rtol=0, atol=1e-15)


@pytest.mark.parametrize("activation", [name for name, kind in CATALOG.items() if kind.is_activation])
def test_trace_covers_every_activation(activation):
    estimator = fit(home_table(200), id_column="customer_id", activation=activation).estimator()
    traced = trace(estimator, CUSTOMER, 1)
    z, slopes = estimator.network.slopes(np.array([list(traced.features.values())]))
    assert traced.probability == pytest.approx(sigmoid(z)[0], abs=1e-14)
    assert np.allclose(traced.input_gradient, (sigmoid(z) - 1.0) * slopes[0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("spec", [{"layers": [{"relu": {}}, 8]}, {"layers": [8, 8], "residual": True}])
def test_trace_refuses_other_layers(spec):
    estimator = fit(home_table(100), id_column="customer_id", epochs=1, **spec).estimator()
    with pytest.raises(EstimatorError, match="plain dense layers"):
        trace(estimator, CUSTOMER, 0)


def test_trace_has_the_score_and_the_probability_of_the_member(capsys):
    estimator = fit(home_table(1000), id_column="customer_id", class_weight="balanced", members=2).estimator()
    told = trace(estimator, CUSTOMER, 0)
    assert told.churn_probability == estimator.predict({name: [value] for name, value in CUSTOMER.items()}, 1)[0]
    assert abs(told.churn_probability - told.probability) > 0.05  # the calibration reverts the class weights


def test_trace_prints_every_number_as_text(trained, capsys):
    _, out, _ = trained
    assert main(["trace", str(out), "--record", json.dumps(CUSTOMER)]) == 0
    printed = capsys.readouterr().out
    for heading in ("forward", "backward", "update", "months=0.400000", "∂L/∂W3", "δ1", "W1"):
        assert heading in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "TABLE", "--target", "gone", "--out", "OUT"], "no target column 'gone'"),
        (["train", "/nowhere.csv", "--target", "churned", "--out", "OUT"], "cannot read /nowhere.csv"),
        (
            ["train", "TABLE", "--target", "churned", "--id", "customer_id", "--out", "/nowhere/x"],
            "cannot write /nowhere/x",
        ),
        (["train", "TABLE", "--target", "churned", "--out", "OUT", "--spec", "TABLE"], "not JSON"),
        (["train", "TABLE", "--target", "churned", "--out", "OUT", "--spec", "TWICE"], "has the key 'name' twice"),
        (["predict", "TABLE", "TABLE", "--out", "OUT"], "not a complete file"),
        (["predict", "MODEL", "/nowhere.csv", "--out", "OUT"], "cannot read /nowhere.csv"),
        (["trace", "MODEL", "--record", "[1]"], "JSON object"),
        (["trace", "MODEL", "--record", '{"months":' + "[" * 10**5], "too many brackets"),
        (["trace", "MODEL", "--record", '{"months": "x"}'], "expected a number"),
        (["trace", "MODEL", "--record", '{"mnths": 1}'], "'mnths' is unknown"),
    ],
)
def test_an_error_is_one_line_with_the_reason(trained, tmp_path, capsys, arguments, said):
    table, model, _ = trained
    twice = tmp_path / "twice.json"
    twice.write_text('{"optimizer": {"name": "adam", "name": "sgd"}}')
    names = {"TWICE": str(twice), "TABLE": str(table), "MODEL": str(model), "OUT": str(tmp_path / "out")}
    assert main([names.get(argument, argument) for argument in arguments]) == 1
    captured = capsys.readouterr().err
    assert captured.startswith("error: ")
    assert said in captured
    assert captured.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_it_imports_neither_the_web_nor_the_database():
    code = (
        "import sys, model.__main__; "
        "sys.exit(any(name in sys.modules for name in ('flask', 'sqlalchemy', 'celery', 'store', 'app')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    told = subprocess.run([sys.executable, "-m", "model", "--help"], check=True, capture_output=True, text=True)
    assert "train" in told.stdout


def test_train_refuses_a_network_beyond_the_memory_of_the_machine(tmp_path, capsys):
    table, spec = tmp_path / "customers.csv", tmp_path / "spec.json"
    customers(300, 1).write_csv(table)
    spec.write_text('{"layers": [65536, 65536], "members": 100}')
    arguments = ["train", str(table), "--target", "churned", "--id", "customer_id", "--spec", str(spec)]
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert (
        "/layers: training 100 networks of 4,295,426,049 parameters on 300 rows of up to 4 features needs about" in said
    )
    assert "lower the units of layers, members or restarts" in said


def test_running_out_of_memory_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    table, most = tmp_path / "customers.ndjson", 220 * 2**20
    table.write_bytes(b'{"months": 1, "churned": 0}\n{"months": 9, "churned": 1}\n' * 500_000)
    command = [sys.executable, "-m", "model", "train", str(table), "--target", "churned"]
    run = subprocess.run(
        [*command, "--out", str(tmp_path / "out")],
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (most, most)),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr.endswith(f"error: {OUT_OF_MEMORY}\n")
    assert not (tmp_path / "out").exists()


def test_sweep_prints_the_standings_and_writes_the_winners_estimator(tmp_path, capsys):
    table, plan, out = tmp_path / "customers.csv", tmp_path / "plan.json", tmp_path / "churn.safetensors"
    customers(300, 1).write_csv(table)
    configurations = [{"layers": [n]} for n in (4, 8, 16)]
    halving = {"first_epochs": 2, "factor": 2}
    plan.write_text(json.dumps({"spec": SPEC, "configurations": configurations, "folds": 2, "halving": halving}))
    arguments = ["sweep", str(table), "--target", "churned", "--id", "customer_id", "--plan", str(plan)]
    assert main([*arguments, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].startswith("rung 0  configuration   0  epoch   2  loss 0.")
    assert main([*arguments, "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    order = [one["configuration"] for one in result["leaderboard"]]
    assert (order[0], sorted(order)) == (result["configuration"], [0, 1, 2])
    winner = Estimator.from_bytes(out.read_bytes())
    assert winner.spec["layers"] == configurations[result["configuration"]]["layers"]
    plan.write_text(json.dumps({"configurations": configurations, "model": "churn"}))
    assert main([*arguments, "--out", str(out)]) == 1
    assert "error: /model: is not a key here" in capsys.readouterr().err
