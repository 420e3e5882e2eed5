"""What reasons compare with: the average of training customers, a customer who stayed, or a record."""

import json
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from model.columns import Flags, Numbers, Table, Words
from model.errors import SpecError
from model.estimator import Direction, Estimator
from model.estimator.background import Background, representatives
from model.storage import pack, unpack
from tests.model.fitted import fit, home_table, mixed_table

RECORD = {"months": 12, "plan": "student", "auto_pay": True}
BATCH = {"months": [3, 40, None], "plan": ["basic", "family", "odd"], "auto_pay": [True, False, None]}


def contracts(n: int = 800) -> Table:
    """Return customers of whom most have the contract that makes them leave."""
    rng = np.random.default_rng(2)
    monthly, fibre = rng.random(n) < 0.7, rng.random(n) < 0.6
    left = rng.random(n) < 0.05 + 0.5 * monthly + 0.2 * fibre
    return Table(
        {
            "contract": Words.of(np.where(monthly, "monthly", "yearly").tolist()),
            "internet": Words.of(np.where(fibre, "fibre", "dsl").tolist()),
            "age": Numbers(rng.integers(18, 80, n).astype(float)),
            "churned": Flags(left.astype(float)),
        },
        n,
    )


@pytest.fixture(scope="module")
def mixed() -> Estimator:
    return fit(mixed_table()).estimator()


def test_the_driver_is_named_though_most_customers_share_it():
    estimator = fit(contracts(), epochs=20, optimizer={"learning_rate": 0.02}).estimator()
    columns = {"contract": ["monthly"], "internet": ["fibre"], "age": [40]}
    (found,), _ = estimator.explain(columns, 1)
    assert found[0].column == "contract"
    assert found[0].contribution > 0.3
    commonest = replace(estimator, background=Background.typical(estimator.encoder))
    (nothing,), _ = commonest.explain(columns, 1)
    assert {reason.contribution for reason in nothing if reason.column == "contract"} == {0.0}


def test_the_average_is_the_default_and_is_that_of_training_customers(mixed):
    assert mixed.background.baseline == "average"
    assert len(mixed.background.rows) == 16
    table, _ = mixed.read({name: cells.scalars() for name, cells in mixed_table().columns.items()}, 300)
    everyone = {row.tobytes() for row in mixed.encoder.encode(table)}
    assert all(row.tobytes() in everyone for row in mixed.background.rows)
    rows = [replace(mixed, background=Background("record", row[None], {})) for row in mixed.background.rows]
    each = np.mean([one.contributions(BATCH, 3) for one in rows], axis=0)
    assert np.abs(mixed.contributions(BATCH, 3) - each).max() < 1e-12
    assert mixed.baseline_log_odds == pytest.approx(np.mean([one.baseline_log_odds for one in rows]), abs=1e-12)


def test_networks_of_the_presets_have_as_large_a_background_as_small_ones():
    network = {"layers": [128] * 4, "activation": "silu", "residual": True, "members": 2}
    assert len(fit(mixed_table(), epochs=1, **network).estimator().background.rows) == 16


def test_a_background_of_all_training_customers_has_no_error():
    estimator = fit(mixed_table(), reasons={"background": 1000}).estimator()
    assert len(estimator.background.rows) == estimator.metrics["train_rows"]
    assert estimator.metrics["reasons"]["error"] == 0.0


def test_the_error_of_a_sample_is_about_that_against_all_customers():
    everyone = fit(home_table(2000), id_column="customer_id", reasons={"background": 1000}).estimator()
    few = fit(home_table(2000), id_column="customer_id").estimator()
    columns = {name: cells.scalars() for name, cells in home_table(300, seed=9).columns.items()}
    inputs = {name: columns[name] for name in few.encoder.names}
    seen = np.sqrt(np.square(few.contributions(inputs, 300) - everyone.contributions(inputs, 300)).mean())
    told = few.metrics["reasons"]["error"]
    assert 0 < told < 0.05
    assert told / 3 < seen < told * 3


def test_representatives_are_nearer_to_the_mean_than_random_customers():
    fitting = fit(home_table(2000), id_column="customer_id")
    X = fitting.encoder.encode(fitting.cells)
    network = fitting.estimator().network
    chosen = representatives(network, X, 16)
    assert len(set(chosen.tolist())) == 16
    away = np.abs(X[chosen].mean(axis=0) - X.mean(axis=0)) / X.std(axis=0)
    random = [np.abs(X[i::125].mean(axis=0) - X.mean(axis=0)) / X.std(axis=0) for i in range(20)]
    assert away.max() < np.median(random, axis=0).max() / 2


def test_the_stayer_has_the_typical_values_of_those_who_stayed():
    estimator = fit(contracts(), reasons={"baseline": "stayer"}).estimator()
    table = contracts()
    assert estimator.background.baseline == "stayer"
    stayed = table.columns["churned"].values == 0
    ages = table.columns["age"].values[stayed]
    assert abs(estimator.baseline_customer["age"] - np.median(ages)) <= 3
    customer = {name: [value] for name, value in estimator.baseline_customer.items()}
    assert estimator.log_odds(customer, 1)[0] == estimator.baseline_log_odds
    assert not estimator.contributions(customer, 1).any()


def test_a_record_is_the_baseline_and_has_typical_values_where_it_says_nothing():
    estimator = fit(mixed_table(), reasons={"baseline": RECORD}).estimator()
    assert estimator.baseline_customer == RECORD
    customer = {name: [value] for name, value in RECORD.items()}
    assert estimator.log_odds(customer, 1)[0] == estimator.baseline_log_odds
    assert not estimator.contributions(customer, 1).any()
    partly = fit(mixed_table(), reasons={"baseline": {"plan": "student"}}).estimator()
    assert partly.baseline_customer == {**partly.encoder.baseline_customer(), "plan": "student"}


@pytest.mark.parametrize(
    ("reasons", "pointer"),
    [
        ({"baseline": "stayers"}, "/reasons/baseline"),
        ({"baseline": {"plan": ["basic"]}}, "/reasons/baseline/plan"),
        ({"baseline": {"plan": 3}}, "/reasons/baseline/plan"),
        ({"baseline": {"months": 1e9}}, "/reasons/baseline/months"),
        ({"baseline": {"monts": 3}}, "/reasons/baseline/monts"),
        ({"baseline": "stayer", "background": 10}, "/reasons/background"),
        ({"background": 0}, "/reasons/background"),
        ({"backgrounds": 3}, "/reasons/backgrounds"),
    ],
)
def test_a_baseline_that_is_none_is_refused_before_the_training(reasons, pointer):
    with pytest.raises(SpecError) as refused:
        fit(mixed_table(), reasons=reasons)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_the_stayer_needs_a_target_of_churn():
    with pytest.raises(SpecError) as refused:
        fit(mixed_table(), loss="squared_error", reasons={"baseline": "stayer"})
    assert refused.value.problems[0].pointer == "/reasons/baseline"


def test_an_estimator_of_an_earlier_release_explains_as_it_did(mixed):
    header, arrays = unpack(mixed.to_bytes())
    typical = Background.typical(mixed.encoder)
    old = {name: value for name, value in header.items() if name not in {"reasons", "phrases"}}
    loaded = Estimator.from_bytes(pack(old, {**arrays, "baseline": typical.rows[0]}))
    assert loaded.background.baseline == "typical"
    assert loaded.baseline_customer == mixed.encoder.baseline_customer()
    now = replace(mixed, background=typical)
    assert loaded.contributions(BATCH, 3).tobytes() == now.contributions(BATCH, 3).tobytes()
    assert Estimator.from_bytes(loaded.to_bytes()).to_bytes() == loaded.to_bytes()


@pytest.mark.parametrize("direction", get_args(Direction))
def test_a_direction_keeps_only_the_reasons_in_this_direction(mixed, direction):
    every, gaps = mixed.explain(BATCH, 3)
    found, same = mixed.explain(BATCH, 3, top=2, direction=direction)
    assert same == gaps
    sign = 1 if direction == "raising" else -1
    for reasons, all_reasons in zip(found, every, strict=True):
        assert reasons == [reason for reason in all_reasons if sign * reason.contribution > 0][:2]


def test_reasons_say_the_value_in_the_words_of_the_spec():
    words = {
        "months": {"label": "time with us", "phrase": "with us for {value} months"},
        "plan": {"phrase_raising": "only {value}", "phrase_lowering": "has {value}"},
    }
    estimator = Estimator.from_bytes(fit(mixed_table(), columns=words).estimator().to_bytes())
    for (reasons,) in (estimator.explain({"months": [m], "plan": ["basic"]}, 1).reasons for m in (2, 50, None)):
        by = {reason.column: reason for reason in reasons}
        value = by["months"].value
        assert by["months"].text == ("time with us is unknown" if value is None else f"with us for {value} months")
        assert by["plan"].text == ("only basic" if by["plan"].contribution > 0 else "has basic")
        assert by["auto_pay"].text == "auto_pay is unknown"


def test_a_value_is_data_in_a_phrase():
    estimator = fit(mixed_table(), columns={"plan": {"phrase": "<b>{value}</b>"}}).estimator()
    hostile = "{value}{0.__class__}<script>=1+1"
    (reasons,), _ = estimator.explain({"plan": [hostile]}, 1)
    assert {reason.text for reason in reasons if reason.column == "plan"} == {f"<b>{hostile}</b>"}


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("phrase", "{value:.2f} months"),
        ("phrase", "{name}"),
        ("phrase", 3),
        ("phrase_raising", " "),
        ("phrase_lowering", "x" * 257),
        ("label", "{value}"),
        ("label", "a\u202eb"),
    ],
)
def test_words_that_cannot_be_used_are_refused(option, text):
    with pytest.raises(SpecError) as refused:
        fit(mixed_table(), columns={"months": {option: text}})
    assert [problem.pointer for problem in refused.value.problems] == [f"/columns/months/{option}"]


def test_the_importance_is_the_mean_size_of_contributions_and_shows_their_sign_by_value():
    estimator = fit(contracts(), epochs=20, optimizer={"learning_rate": 0.02}).estimator()
    told = estimator.metrics["reasons"]
    assert json.loads(json.dumps(told)) == told
    assert (told["baseline"], told["background"], told["rows"]) == ("average", 16, 160)
    assert told["baseline_log_odds"] == estimator.baseline_log_odds
    assert told["columns"][0]["column"] == "contract"
    sizes = [column["importance"] for column in told["columns"]]
    assert sizes == sorted(sizes, reverse=True)
    contract, age = told["columns"][0], next(one for one in told["columns"] if one["column"] == "age")
    by_value = {each["value"]: each for each in contract["values"]}
    assert by_value["monthly"]["contribution"] > 0.2 > -0.2 > by_value["yearly"]["contribution"]
    mean = sum(each["rows"] * abs(each["contribution"]) for each in contract["values"]) / told["rows"]
    assert mean <= contract["importance"] + 1e-12
    assert sum(each["rows"] for each in age["values"]) == 160
    assert all(low["to"] < high["from"] for low, high in zip(age["values"], age["values"][1:], strict=False))


def test_classes_have_no_reasons():
    assert "reasons" not in fit(mixed_table(), loss="softmax_cross_entropy").estimator().metrics
