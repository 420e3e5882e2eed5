"""ChurnClassifier keeps the contract of scikit-learn, and trains what the engine trains."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from ebb import ChurnClassifier
from ebb.customers import customers
from model.estimator import Estimator

pytestmark = pytest.mark.filterwarnings("ignore::ebb.classifier.FitWarning")

TINY = {"layers": [8], "epochs": 40, "batch_size": 16, "optimizer": {"name": "adam", "learning_rate": 0.02}}
SHORT = {"epochs": 3, "optimizer": {"name": "adam", "learning_rate": 0.01}}
FRAME = pd.read_csv(StringIO(customers(300, 5).to_csv()))
FRAME["plan"] = np.where(FRAME["months"] > 12, "yearly", "monthly")
X, Y = FRAME.drop(columns="churned"), FRAME["churned"]


def name(check: Callable[..., object]) -> str:
    return str(getattr(check.func if isinstance(check, partial) else check, "__name__", check))


# Those of `parametrize_with_checks`, but for one that scikit-learn itself skips unless SCIPY_ARRAY_API is set.
CHECKS = [
    (each, check) for each, check in estimator_checks_generator(ChurnClassifier(TINY)) if "array_api" not in name(check)
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS, ids=lambda each: name(each) if callable(each) else "")
def test_a_check_of_scikit_learn_holds(estimator: ChurnClassifier, check: Callable[..., object]) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def fitted() -> ChurnClassifier:
    return ChurnClassifier(SHORT, id_column="customer_id").fit(X, Y)


def test_it_trains_the_bytes_that_the_engine_trains_from_the_same_file(fitted: ChurnClassifier, tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "spec.json").write_text(json.dumps(SHORT))
    command = [sys.executable, "-m", "model", "train", tmp_path / "table.csv", "--target", "churned", "--json"]
    command += ["--id", "customer_id", "--spec", tmp_path / "spec.json", "--out", tmp_path / "out.safetensors"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["sha256"] == fitted.sha256_
    assert ChurnClassifier.open(tmp_path / "out.safetensors").sha256_ == fitted.sha256_


def test_probabilities_are_those_of_the_estimator_in_the_order_of_the_labels(fitted: ChurnClassifier) -> None:
    assert (fitted.classes_.tolist(), fitted.churned_) == (["no", "yes"], "yes")
    columns = {name: X[name].tolist() for name in X if name != "customer_id"}
    p = Estimator.from_bytes(fitted.to_bytes()).predict(columns)
    assert np.array_equal(fitted.predict_proba(X), np.column_stack((1 - p, p)))
    assert set(fitted.predict(X)) <= {"no", "yes"}
    assert fitted.score(X, Y) == np.mean(fitted.predict(X) == Y)


def test_the_label_of_those_who_left_may_come_first() -> None:
    words = Y.map({"yes": "churned", "no": "stayed"})
    turned = ChurnClassifier(SHORT, id_column="customer_id").fit(X, words)
    assert (turned.classes_.tolist(), turned.churned_) == (["churned", "stayed"], "churned")
    plain = ChurnClassifier(SHORT, id_column="customer_id").fit(X, Y)
    assert np.array_equal(turned.predict_proba(X)[:, 0], plain.predict_proba(X)[:, 1])


def test_reasons_of_a_frame_are_a_frame_with_its_index(fitted: ChurnClassifier) -> None:
    some = X.sample(5, random_state=1)
    reasons = fitted.explain(some, top=2)
    assert reasons.index.tolist() == some.index.repeat(2).tolist()
    assert list(reasons.columns) == ["column", "value", "contribution", "text"]
    raising = fitted.explain(some, top=4, direction="raising")
    assert (raising["contribution"] > 0).all()


def test_a_version_from_its_bytes_scores_alike(fitted: ChurnClassifier, tmp_path: Path) -> None:
    fitted.save(tmp_path / "v.safetensors")
    opened = ChurnClassifier.open(tmp_path / "v.safetensors")
    assert np.array_equal(opened.predict_proba(X), fitted.predict_proba(X))
    assert opened.classes_.tolist() == [0, 1]
    assert np.array_equal(opened.predict_proba(FRAME), fitted.predict_proba(X))  # other columns are left alone


def test_tables_of_arrow_are_read_like_frames(fitted: ChurnClassifier) -> None:
    assert np.array_equal(fitted.predict_proba(pa.Table.from_pandas(X)), fitted.predict_proba(X))


def test_it_works_in_a_pipeline_and_a_grid_search() -> None:
    numbers = ["months", "monthly_charge", "usage_hours"]
    steps = make_pipeline(make_column_transformer((StandardScaler(), numbers)), ChurnClassifier(SHORT))
    search = GridSearchCV(steps, {"churnclassifier__spec": [SHORT, {**SHORT, "layers": [4]}]}, cv=2, scoring="roc_auc")
    search.fit(X, Y)
    assert search.best_score_ > 0.5
    assert search.predict_proba(X).shape == (300, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spec": {"epochs": 0}}, "/epochs"),
        ({"spec": {"loss": "squared_error"}}, "must be binary_cross_entropy"),
        ({"id_column": "nobody"}, "nobody"),
        ({}, "too many for categories"),
    ],
)
def test_what_cannot_be_trained_is_a_value_error_that_says_what_to_change(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ChurnClassifier(**{"spec": SHORT, **change}).fit(X, Y)


def test_a_value_that_cannot_be_used_is_a_value_error_with_its_row(fitted: ChurnClassifier) -> None:
    with pytest.raises(ValueError, match="row 2/months"):
        fitted.predict_proba(X.assign(months=[1e9 if row == 2 else 3 for row in range(len(X))]))


def test_a_call_list_has_the_most_profitable_customers_with_raising_reasons(fitted: ChurnClassifier) -> None:
    listed = fitted.call_list(X, capacity=20, customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3)
    p = dict(zip(X["customer_id"], fitted.predict_proba(X)[:, 1], strict=True))
    assert listed["customer_id"].tolist() == sorted(p, key=lambda each: -p[each])[:20]
    assert listed["expected_profit"].is_monotonic_decreasing
    assert listed["reason_1"].notna().all()
    assert "expected_profit" not in fitted.call_list(X, capacity=5)
    dearest = fitted.call_list(X, capacity=20, value_column="monthly_charge")
    assert dearest["customer_value"].mean() > X["monthly_charge"].mean()
