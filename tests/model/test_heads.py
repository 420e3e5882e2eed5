"""Estimators of classes and numbers: training, scoring, reasons and storage."""

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.__main__ import main
from model.calibration import Beta
from model.columns import Days, Flags, Numbers, Table, Words
from model.errors import ColumnError, EstimatorError, SpecError, TableError
from model.estimator import Estimator, Fitting
from model.heads import CATALOG, Churn, Classes, Number, head_from_json, head_to_json
from model.probabilities import sigmoid, softmax
from model.spec import parse_spec
from model.trace import trace
from tests.model.fitted import fit

RATE = {"optimizer": {"name": "adam", "learning_rate": 0.02}, "epochs": 40}


def table_of(target: object, n: int = 400) -> Table:
    rng = np.random.default_rng(1)
    x = rng.normal(size=n)
    shop = rng.choice(["north", "south"], n)
    level = 3 * x + 2.0 * (shop == "south") + 0.1 * rng.normal(size=n)
    columns = {"x": Numbers(x), "shop": Words.of(shop.tolist()), "constant": Numbers(np.ones(n))}
    return Table({**columns, "target": target(level)}, n)


def priced(scale: float = 1.0, offset: float = 0.0) -> Table:
    return table_of(lambda level: Numbers(offset + scale * level))


def graded() -> Table:
    names = np.array(["high", "low", "middle"])
    return table_of(lambda level: Words.of(names[np.digitize(level, [-1, 2])].tolist()))


@pytest.fixture(scope="module")
def price() -> Estimator:
    return fit(priced(5e6, 1e9), "target", loss="squared_error", members=2, **RATE).estimator()


@pytest.fixture(scope="module")
def grade() -> Estimator:
    return fit(graded(), "target", loss="softmax_cross_entropy", members=2, **RATE).estimator()


def test_a_large_target_is_predicted_in_the_units_of_the_target(price):
    y = priced(5e6, 1e9).columns["target"].values
    assert price.metrics["valid_rmse"] < 0.2 * y.std()
    assert price.metrics["valid_loss"] == pytest.approx(price.metrics["valid_rmse"] ** 2)
    predicted = price.predict(inputs(priced()), 400)
    assert np.corrcoef(predicted, y)[0, 1] > 0.98
    assert 0.9e9 < predicted.mean() < 1.1e9


def inputs(table: Table) -> dict[str, object]:
    return {name: table.columns[name] for name in ("x", "shop")}


def test_epoch_losses_of_a_number_are_in_the_units_of_the_target():
    spec = parse_spec({"loss": "squared_error", "epochs": 3, "early_stopping": None})
    fitting = Fitting(priced(1000.0, 5e4), target="target", spec=spec)
    *_, last = fitting.epochs()
    metrics = fitting.estimator().metrics
    assert last.valid_loss == pytest.approx(metrics["valid_loss"], rel=1e-5)
    assert last.train_loss == pytest.approx(metrics["train_loss"], rel=0.3)  # the mean over a changing network


def test_the_head_of_a_number_is_fitted_on_training_rows_only():
    first = fit(priced(), "target", loss="squared_error", epochs=1)
    moved = priced().columns["target"].values.copy()
    moved[first.valid_rows] += 100.0
    table = Table({**priced().columns, "target": Numbers(moved)}, 400)
    assert fit(table, "target", loss="squared_error", epochs=1).head == first.head


def test_reasons_of_a_number_sum_to_its_difference(price):
    columns = inputs(priced())
    difference = price.predict(columns, 400) - price.baseline_log_odds
    assert np.abs(price.contributions(columns, 400).sum(axis=1) - difference).max() <= 1e-12 * 1e9
    assert np.abs(price.explain(columns, 400).gaps).max() <= 1e-12 * 1e9


def test_classes_keep_their_names_and_get_a_probability_each(grade):
    assert grade.head.classes == ("high", "low", "middle")
    assert grade.metrics["valid_accuracy"] > 0.9
    assert sum(grade.metrics["class_rates"].values()) == pytest.approx(1.0)
    found = grade.predict(inputs(graded()), 400)
    assert found.shape == (400, 3)
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-12
    predicted = [grade.head.classes[i] for i in found.argmax(1)]
    assert np.mean([a == b for a, b in zip(predicted, graded().columns["target"].scalars(), strict=True)]) > 0.9


def test_classes_are_held_out_evenly():
    fitting = fit(graded(), "target", loss="softmax_cross_entropy", epochs=1)
    for code in range(3):
        held, all_rows = (fitting.y[fitting.valid_rows] == code).sum(), (fitting.y == code).sum()
        assert held == max(1, round(0.2 * all_rows))


@pytest.mark.parametrize("name", ["price", "grade"])
def test_a_class_has_the_same_bits_alone_and_in_a_batch(name, request):
    estimator = request.getfixturevalue(name)
    columns = {"x": np.linspace(-3, 3, 150).tolist(), "shop": ["north", "south", None] * 50}
    together = estimator.predict(columns, 150)
    for row in (0, 1, 63, 64, 149):
        alone = {column: [values[row]] for column, values in columns.items()}
        assert estimator.predict(alone, 1).tobytes() == together[row : row + 1].tobytes()


@pytest.mark.parametrize("name", ["price", "grade"])
def test_an_estimator_round_trips_through_its_bytes_to_the_bit(name, request):
    estimator = request.getfixturevalue(name)
    again = Estimator.from_bytes(estimator.to_bytes())
    assert again.to_bytes() == estimator.to_bytes()
    assert again.head == estimator.head
    assert again.predict({"x": [0.3]}, 1).tobytes() == estimator.predict({"x": [0.3]}, 1).tobytes()


def test_every_loss_has_a_head_that_round_trips_through_json():
    fitted = {
        "binary_cross_entropy": Churn(Beta(0.5, 2.0, shift=-1.0)),
        "softmax_cross_entropy": Classes(("a", "b")),
        "squared_error": Number(2.5, -1.0),
    }
    assert fitted.keys() == CATALOG.keys()
    for loss, head in fitted.items():
        told = json.loads(json.dumps(head_to_json(head)))
        assert told["loss"] == loss
        assert head_from_json(told) == head


def test_methods_for_churn_are_refused_for_other_targets(price, grade):
    for estimator in (price, grade):
        with pytest.raises(EstimatorError, match="not who churned"):
            estimator.log_odds({"x": [1.0]}, 1)
        with pytest.raises(EstimatorError, match="cross-entropy of churn"):
            trace(estimator, {"x": 1.0}, 0)
    with pytest.raises(EstimatorError, match="reasons explain one number"):
        grade.explain({"x": [1.0]}, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 150), st.floats(0.1, 400.0), st.integers(0, 2**31))
def test_probabilities_have_the_same_bits_at_any_place(classes, rows, spread, seed):
    z = np.random.default_rng(seed).normal(scale=spread, size=(rows, classes))
    found, single = softmax(z), sigmoid(z[:, 0])
    assert np.abs(found.sum(axis=1) - 1).max() < 1e-12
    order = np.random.default_rng(seed).permutation(rows)
    assert softmax(z[order]).tobytes() == found[order].tobytes()
    assert sigmoid(z[order, 0]).tobytes() == single[order].tobytes()
    assert softmax(z[-1:]).tobytes() == found[-1:].tobytes()
    expected = np.exp(z - z.max(1, keepdims=True))
    assert np.allclose(found, expected / expected.sum(1, keepdims=True), rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.lists(st.sampled_from("abcde"), min_size=2, max_size=30).map(Words.of),
        st.lists(st.integers(-5, 9), min_size=2, max_size=30).map(lambda v: Numbers(np.array(v, float))),
        st.lists(st.integers(0, 1), min_size=2, max_size=30).map(lambda v: Flags(np.array(v, float))),
    )
)
def test_labels_of_classes_are_positions_in_the_list(cells):
    values = cells.scalars()
    if len(set(values)) == 1:
        with pytest.raises(TableError, match="needs at least two"):
            Classes.read(cells, "t")
        return
    head, y = Classes.read(cells, "t")
    assert head.classes == tuple(sorted(set(values)))
    assert [head.classes[int(code)] for code in y] == values


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e100, 1e100, allow_subnormal=False), min_size=2, max_size=30).filter(lambda v: len(set(v)) > 1)
)
def test_labels_of_numbers_are_scaled_and_restored(values):
    head, y = Number.read(Numbers(np.array(values)), "t")
    head = head.fitted(y)
    z = head.labels(y)
    assert np.isfinite(z).all()
    assert np.abs(z).max() <= np.sqrt(len(values)) * 1.001
    assert np.allclose(head.predictions(z), y, rtol=1e-9, atol=1e-9 * np.abs(y).max())


LOSS = {"number": "squared_error", "classes": "softmax_cross_entropy"}
N = 40
BAD = [
    ("number", Words.of(["a", "b"] * 20), ColumnError, "not a number.*softmax_cross_entropy"),
    ("number", Flags(np.arange(N) % 2.0), ColumnError, "not a number"),
    ("number", Days(np.arange(N) * 1.0), ColumnError, "not a number"),
    ("number", Numbers(np.full(N, 3.0)), TableError, "is 3 in all 40 rows"),
    ("number", Numbers(np.where(np.arange(N) == 7, np.nan, 1.0)), ColumnError, "empty in 1 of 40 rows, first in row 8"),
    ("number", Numbers(np.where(np.arange(N) == 7, np.inf, 1.0)), ColumnError, "holds inf in row 8"),
    ("number", Numbers(np.where(np.arange(N) == 7, 1e200, 1.0)), ColumnError, "larger units"),
    ("number", Numbers(np.zeros(1)), TableError, "in all 1 rows"),
    ("number", Numbers(np.zeros(0)), ColumnError, "no rows"),
    ("classes", Words.of(["a"] * N), TableError, "all 40 rows are of class 'a'"),
    ("classes", Words.of(["a", "b"] * 19 + ["c", None]), ColumnError, "empty in 1 of 40"),
    ("classes", Words.of(["a", "b"] * 19 + ["a", "c"]), TableError, "only 1 of 40 rows are of class 'c'"),
    ("classes", Words.of([f"w{i}" for i in range(N)]), ColumnError, "40 classes in 40 rows"),
    ("classes", Numbers(np.arange(N) * 1.0), ColumnError, "40 classes.*squared_error"),
    ("classes", Numbers(np.arange(N) / 8), ColumnError, "with a fraction.*squared_error"),
    ("classes", Days(np.arange(N) % 2.0), ColumnError, "holds dates"),
]


@pytest.mark.parametrize(("kind", "cells", "error", "said"), BAD)
def test_a_target_that_does_not_suit_the_loss_is_refused_with_a_remedy(kind, cells, error, said):
    table = Table({"x": Numbers(np.arange(float(len(cells)))), "target": cells}, len(cells))
    with pytest.raises(error, match=said):
        fit(table, "target", loss=LOSS[kind], epochs=1)


def test_the_loss_of_churn_names_the_other_losses_for_other_targets():
    with pytest.raises(ColumnError, match='"squared_error" for numbers'):
        fit(priced(), "target")
    with pytest.raises(ColumnError, match='"softmax_cross_entropy" for classes'):
        fit(graded(), "target")


def test_class_weights_are_refused_for_a_number():
    with pytest.raises(SpecError, match="/class_weight: needs a loss of classes"):
        fit(priced(), "target", loss="squared_error", class_weight="balanced")


@pytest.mark.parametrize("loss", ["squared_error", "softmax_cross_entropy"])
def test_the_command_line_trains_and_predicts_other_targets(loss, tmp_path, capsys):
    table, spec, out, scored = (tmp_path / name for name in ("t.csv", "spec.json", "e.safetensors", "scored.csv"))
    drawn = priced() if loss == "squared_error" else graded()
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "shop", "target"])
        writer.writerows(zip(*(drawn.columns[name].scalars() for name in ("x", "shop", "target")), strict=True))
    spec.write_text(json.dumps({"loss": loss, **RATE}))
    assert main(["train", str(table), "--target", "target", "--spec", str(spec), "--out", str(out), "--json"]) == 0
    metric = {"squared_error": "valid_rmse", "softmax_cross_entropy": "valid_accuracy"}[loss]
    result = json.loads(capsys.readouterr().out)
    assert list(result) == ["epochs", "steps", "train_loss", "valid_loss", metric, "fit_seconds", "sha256"]
    assert main(["predict", str(out), str(table), "--out", str(scored)]) == 0
    rows = list(csv.DictReader(scored.read_text().splitlines()))
    estimator = Estimator.from_bytes(out.read_bytes())
    expected = estimator.predict({"x": drawn.columns["x"], "shop": drawn.columns["shop"]}, 400)
    if loss == "squared_error":
        assert list(rows[0]) == ["row", "predicted", "error"]
        assert [float(row["predicted"]) for row in rows] == expected.tolist()
    else:
        assert list(rows[0])[:3] == ["row", "predicted", "probability of high"]
        assert [float(row["probability of low"]) for row in rows] == expected[:, 1].tolist()
        assert {row["predicted"] for row in rows} == {"high", "low", "middle"}
