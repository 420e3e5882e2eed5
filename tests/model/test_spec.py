"""The training spec: every key, its default, and errors with a pointer and a remedy."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import initializers, losses, optimizers, schedules
from model.errors import SpecError
from model.layers import CATALOG
from model.spec import Spec, parse_spec

CONTRACT = {
    "layers": [8, 4],
    "activation": "relu",
    "loss": "binary_cross_entropy",
    "initializer": "auto",
    "optimizer": {"name": "adam", "learning_rate": 0.001},
    "schedule": {"name": "cosine", "warmup": 0.05},
    "batch_size": 32,
    "epochs": 100,
    "early_stopping": {"patience": 10},
    "validation": {"fraction": 0.2},
    "clip_norm": None,
    "weight_decay": 0.0,
    "dropout": 0.0,
    "batch_norm": False,
    "residual": False,
    "class_weight": None,
    "members": 1,
    "seed": 0,
    "dtype": "float32",
}


def test_the_defaults_are_the_contract() -> None:
    spec = parse_spec({})
    assert spec == Spec() == parse_spec(CONTRACT)
    found = spec.to_json()
    for key, value in CONTRACT.items():
        if isinstance(value, dict):
            assert value.items() <= found[key].items()
        else:
            assert found[key] == value


LAYER = st.one_of(
    st.integers(1, 300),
    st.builds(lambda n: {"dense": n}, st.integers(1, 300)),
    st.sampled_from(
        [
            {"relu": {}},
            {"leaky_relu": {"alpha": 0.3}},
            {"batch_norm": {"momentum": 0.2}},
            {"dropout": {"rate": 0.1}},
            {"residual": [{"dense": 3}, {"tanh": {}}, {"residual": [{"silu": {}}]}]},
            {"embedding": {"units": 3}},
        ]
    ),
)

SPECS = st.fixed_dictionaries(
    {},
    optional={
        "layers": st.lists(LAYER, max_size=4),
        "activation": st.sampled_from(["relu", "tanh", {"leaky_relu": {"alpha": 0.2}}, "identity"]),
        "loss": st.sampled_from(list(losses.CATALOG)),
        "initializer": st.sampled_from(["auto", *initializers.CATALOG]),
        "optimizer": st.builds(
            lambda name, rate: {"name": name, "learning_rate": rate},
            st.sampled_from(list(optimizers.CATALOG)),
            st.floats(1e-9, 1e3),
        ),
        "schedule": st.builds(
            lambda name, by: {"name": name, "by": by, "warmup": 0.1},
            st.sampled_from(list(schedules.CATALOG)),
            st.sampled_from(["step", "epoch"]),
        ),
        "batch_size": st.integers(2, 10**6),  # 1 conflicts with batch norm
        "early_stopping": st.one_of(st.none(), st.just({"patience": 3, "min_delta": 0.01})),
        "clip_norm": st.one_of(st.none(), st.floats(1e-3, 1e3)),
        "class_weight": st.sampled_from([None, "balanced", {"0": 1.0, "1": 4.0}]),
        "embedding": st.one_of(
            st.none(),
            st.builds(
                lambda least, width: {"at_least": least, "width": width},
                st.integers(1, 10**6),
                st.one_of(st.none(), st.integers(1, 64)),
            ),
        ),
        "validation": st.sampled_from([{}, {"fraction": 0.3, "group": "team"}, {"folds": True}]),
        "members": st.integers(2, 200),
        "restarts": st.integers(1, 5),
        "dtype": st.sampled_from(["float32", "float64"]),
    },
)


@given(SPECS)
@settings(max_examples=100, deadline=None)
def test_a_spec_round_trips_through_json(raw: dict[str, object]) -> None:
    embedded = any("embedding" in layer for layer in raw.get("layers", []) if isinstance(layer, dict))
    raw = {"members": 2, **raw} | ({"embedding": None} if embedded else {})
    spec = parse_spec(raw)
    plain = json.loads(json.dumps(spec.to_json()))
    assert parse_spec(plain) == spec
    assert parse_spec(plain).to_json() == spec.to_json()


def test_label_smoothing_reaches_the_loss() -> None:
    spec = parse_spec({"label_smoothing": 0.1})
    assert spec.loss == losses.CATALOG["binary_cross_entropy"](0.1)
    assert spec.to_json()["label_smoothing"] == 0.1


def test_every_name_of_the_catalogs_is_parsed() -> None:
    for name in optimizers.CATALOG:
        assert parse_spec({"optimizer": {"name": name}}).to_json()["optimizer"]["name"] == name
    for name in schedules.CATALOG:
        assert parse_spec({"schedule": {"name": name}}).to_json()["schedule"]["name"] == name
    for name, kind in CATALOG.items():
        settings = [{"relu": {}}] if name == "residual" else 4 if name in ("dense", "embedding") else {}
        assert isinstance(parse_spec({"layers": [{name: settings}]}).layers[0], kind)
        if kind.is_activation:
            assert isinstance(parse_spec({"activation": name}).activation, kind)


@pytest.mark.parametrize(
    ("short", "whole"),
    [({"dropout": 0.2}, {"rate": 0.2}), ({"leaky_relu": 0.1}, {"alpha": 0.1}), ({"embedding": 3}, {"units": 3})],
)
def test_a_number_stands_for_the_needed_or_the_only_setting(short: dict[str, float], whole: dict[str, float]) -> None:
    (name,) = short
    assert parse_spec({"layers": [short, 4]}).layers == parse_spec({"layers": [{name: whole}, 4]}).layers


# One line for each error: the spec, the pointer and the code.
REFUSED = [
    ({"optimiser": {}}, "/optimiser", "unknown"),
    ({"a/b~c": 1}, "/a~1b~0c", "unknown"),
    ({"layers": 8}, "/layers", "type"),
    ({"layers": [8, 0]}, "/layers/1", "range"),
    ({"layers": [True]}, "/layers/0", "type"),
    ({"layers": [10**9]}, "/layers/0", "range"),
    ({"layers": [{"dens": 8}]}, "/layers/0", "unknown"),
    ({"layers": [{"dense": {}}]}, "/layers/0/dense/units", "missing"),
    ({"layers": [{"dense": 8, "relu": {}}]}, "/layers/0", "type"),
    ({"layers": [{"residual": [{"dense": -1}]}]}, "/layers/0/residual/0/dense/units", "range"),
    ({"layers": [{"residual": []}]}, "/layers/0/residual", "type"),
    ({"layers": [{"dropout": 1}]}, "/layers/0/dropout/rate", "range"),
    ({"layers": [{"batch_norm": 0.1}]}, "/layers/0/batch_norm", "type"),
    ({"layers": [{"relu": 3}]}, "/layers/0/relu", "type"),
    ({"activation": "swish"}, "/activation", "unknown"),
    ({"activation": "dense"}, "/activation", "unknown"),
    ({"activation": {"leaky_relu": {"alpha": 1.0}}}, "/activation/leaky_relu/alpha", "range"),
    ({"loss": "hinge"}, "/loss", "unknown"),
    ({"initializer": "xavier2"}, "/initializer", "unknown"),
    ({"optimizer": "adam"}, "/optimizer", "type"),
    ({"optimizer": {"name": "adm"}}, "/optimizer/name", "unknown"),
    ({"optimizer": {"learning_rate": 0}}, "/optimizer/learning_rate", "range"),
    ({"optimizer": {"learning_rate": "fast"}}, "/optimizer/learning_rate", "type"),
    ({"optimizer": {"learning_rate": float("nan")}}, "/optimizer/learning_rate", "range"),
    ({"optimizer": {"learning_rate": 10**400}}, "/optimizer/learning_rate", "range"),
    ({"optimizer": {"name": "momentum", "form": "odd"}}, "/optimizer/form", "unknown"),
    ({"schedule": {"name": "cosine", "gamma": 1}}, "/schedule/gamma", "unknown"),
    ({"schedule": {"warmup": 2}}, "/schedule/warmup", "range"),
    ({"schedule": {"name": ["cosine"]}}, "/schedule/name", "unknown"),
    ({"batch_size": 2.5}, "/batch_size", "type"),
    ({"batch_size": 0}, "/batch_size", "range"),
    ({"epochs": None}, "/epochs", "type"),
    ({"early_stopping": {"patience": 0}}, "/early_stopping/patience", "range"),
    ({"validation": {"fraction": 1}}, "/validation/fraction", "range"),
    ({"validation": None}, "/validation", "type"),
    ({"clip_norm": 0}, "/clip_norm", "range"),
    ({"weight_decay": -1}, "/weight_decay", "range"),
    ({"label_smoothing": 1}, "/label_smoothing", "range"),
    ({"label_smoothing": 0.1, "loss": "squared_error"}, "/label_smoothing", "conflict"),
    ({"class_weight": "even"}, "/class_weight", "type"),
    ({"class_weight": {"1": -2}}, "/class_weight/1", "range"),
    ({"class_weight": {"a": 1}}, "/class_weight/a", "unknown"),
    ({"class_weight": {"a/b": 1}}, "/class_weight/a~1b", "unknown"),
    ({"class_weight": {"01": 1}}, "/class_weight/01", "unknown"),
    ({"class_weight": {"nan": 1}}, "/class_weight/nan", "unknown"),
    ({"embedding": True}, "/embedding", "type"),
    ({"embedding": {"from": 3}}, "/embedding/from", "unknown"),
    ({"embedding": {"at_least": 0}}, "/embedding/at_least", "range"),
    ({"embedding": {"width": "auto"}}, "/embedding/width", "type"),
    ({"embedding": {}, "layers": [{"embedding": 4}]}, "/embedding", "conflict"),
    ({"periodic": {"positions": [0]}}, "/periodic/positions", "conflict"),
    ({"columns": {"a": {"kind": "number"}}}, "/columns/a/kind", "unknown"),
    ({"columns": {"a": {"kind": "categorical", "scale": 2}}}, "/columns/a/scale", "conflict"),
    ({"columns": {"a": {"kind": "boolean", "max": 2}}}, "/columns/a/max", "conflict"),
    ({"validation": {"folds": 5}}, "/validation/folds", "type"),
    ({"validation": {"folds": True}}, "/validation/folds", "conflict"),
    ({"validation": {"folds": True, "time": "t"}, "members": 2}, "/validation/folds", "conflict"),
    ({"members": 0}, "/members", "range"),
    ({"members": 1025}, "/members", "range"),
    ({"restarts": 1025}, "/restarts", "range"),
    ({"members": 100, "restarts": 11}, "/restarts", "range"),
    ({"epochs": 10**6 + 1}, "/epochs", "range"),
    ({"batch_size": 10**6 + 1}, "/batch_size", "range"),
    ({"epochs": 10**400}, "/epochs", "range"),
    ({"seed": 2**53 + 1}, "/seed", "range"),
    ({"layers": [1] * 257}, "/layers", "range"),
    ({"layers": [{"residual": [{"relu": {}}] * 256}]}, "/layers", "range"),
    ({"seed": -1}, "/seed", "range"),
    ({"batch_size": 1, "batch_norm": True}, "/batch_size", "conflict"),
    ({"batch_size": 1, "layers": [{"residual": [{"batch_norm": {}}]}]}, "/batch_size", "conflict"),
    ({"validation": {"time": "day", "group": "plan"}}, "/validation/group", "conflict"),
    ({"seed": True}, "/seed", "type"),
    ({"dtype": "float16"}, "/dtype", "unknown"),
    ([], "", "type"),
]


@pytest.mark.parametrize(("raw", "pointer", "code"), REFUSED, ids=lambda case: str(case)[:60])
def test_errors_have_a_pointer_and_a_remedy(raw: dict[str, object], pointer: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(raw)
    assert [(problem.pointer, problem.code) for problem in caught.value.problems] == [(pointer, code)]
    assert caught.value.problems[0].detail


def test_an_error_shows_the_full_bound() -> None:
    with pytest.raises(SpecError, match="at least 1 and at most 1,000,000, not 1,000,000,000"):
        parse_spec({"epochs": 10**9})


def test_errors_show_refused_values_as_json() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"epochs": None, "dropout": True, "loss": None, "seed": [None, False, "a"]})
    told = {problem.pointer: problem.detail for problem in caught.value.problems}
    assert told["/epochs"] == "must be a whole number, not null"
    assert told["/dropout"] == "must be a number, not true"
    assert told["/loss"].startswith("null is not one of")
    assert told["/seed"] == 'must be a whole number, not [null, false, "a"]'


def test_an_error_has_all_problems() -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec({"epochs": 0, "optimizer": {"name": "adam", "beta1": 2, "beta3": 0}, "extra": 1})
    pointers = {problem.pointer for problem in caught.value.problems}
    assert pointers == {"/epochs", "/optimizer/beta1", "/optimizer/beta3", "/extra"}


def test_whole_numbers_may_be_written_as_floats_and_floats_as_whole_numbers() -> None:
    spec = parse_spec({"epochs": 5.0, "optimizer": {"learning_rate": 1}})
    assert (spec.epochs, spec.optimizer.learning_rate) == (5, 1.0)
    assert isinstance(spec.epochs, int)
