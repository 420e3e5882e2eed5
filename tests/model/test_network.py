"""Networks are immutable, and the bits of a row do not depend on other rows."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import ShapeError, SpecError
from model.layers.sequence import reference_all
from model.network.network import Network
from model.network.stack import build_stack
from model.spec import parse_spec
from model.training.trainer import Trainer
from tests.model.designs import coded_design, design
from tests.model.untrained import untrained

SPECS: list[dict[str, object]] = [
    {},
    {"layers": []},
    {"layers": [64, 32], "activation": "silu"},
    {"layers": [512, 256]},
    {"layers": [17, 5, 3], "activation": "tanh", "members": 3},
    {"layers": [16, 16], "residual": True, "batch_norm": True, "dropout": 0.5, "members": 8},
    {"layers": [{"batch_norm": {}}, 7]},
]


@pytest.mark.parametrize("spec", SPECS, ids=json.dumps)
@pytest.mark.parametrize("outputs", [1, 3])
def test_a_row_has_the_same_bits_alone_and_among_any_rows(spec: dict[str, object], outputs: int) -> None:
    rng = np.random.default_rng(0)
    inputs = 9
    network = untrained(spec, inputs, outputs)
    X = rng.standard_normal((200, inputs))
    logits = network.logits(X)
    assert logits.shape == ((200,) if outputs == 1 else (200, 3))
    order = rng.permutation(200)
    np.testing.assert_array_equal(network.logits(X[order]), logits[order])
    for row in (0, 63, 64, 130, 199):
        np.testing.assert_array_equal(network.logits(X[row : row + 1])[0], logits[row])
    np.testing.assert_array_equal(network.logits(X[37:122]), logits[37:122])


@pytest.mark.parametrize("spec", SPECS, ids=json.dumps)
def test_folding_changes_the_layers_but_not_the_logits(spec: dict[str, object]) -> None:
    parsed = parse_spec(spec | {"members": 1})
    stack = build_stack(parsed, 6, 1)
    rng = np.random.default_rng(2)
    arrays = {name: rng.uniform(0.1, 1, t.shape) - 0.3 for name, t in stack.tensors()}
    states = {name: rng.uniform(0.1, 1, t.shape) for name, t in stack.states()}
    flat = [np.concatenate([a.ravel() for a in group.values()] or [np.zeros(0)]) for group in (arrays, states)]
    network = Network.freeze(stack, (), *flat)
    X = rng.standard_normal((30, 6))
    expected, _ = reference_all(stack.layers, arrays | states, X)
    np.testing.assert_allclose(network.logits(X), expected[:, 0], rtol=1e-11, atol=1e-12)
    names = json.dumps(network.layers_json)
    assert "dropout" not in names
    assert ("batch_norm" in names) == (spec == {"layers": [{"batch_norm": {}}, 7]})


@pytest.mark.parametrize("spec", [s for s in SPECS if s.get("activation", "relu") == "relu"], ids=json.dumps)
def test_pieces_give_the_logits_of_a_piecewise_linear_network(spec: dict[str, object]) -> None:
    network = untrained(spec, 6)
    X = np.random.default_rng(3).standard_normal((40, 6))
    members = network.pieces
    assert members is not None
    logits = []
    for pieces in members:
        a = X
        for W, b, slope in pieces:
            a = a @ W + b
            a = np.where(a > 0, a, a * slope)
        logits.append(a[:, 0])
    np.testing.assert_allclose(np.mean(logits, 0), network.logits(X), rtol=1e-11, atol=1e-12)


def test_smooth_networks_have_no_pieces() -> None:
    assert untrained({"activation": "tanh"}, 4).pieces is None
    assert untrained({"layers": [4, {"residual": [{"silu": {}}]}]}, 4).pieces is None


@pytest.mark.parametrize("spec", SPECS, ids=json.dumps)
def test_slopes_equal_central_differences(spec: dict[str, object]) -> None:
    network = untrained(spec, 5)
    X = np.random.default_rng(4).standard_normal((70, 5))
    logits, gradient = network.slopes(X)
    np.testing.assert_array_equal(logits, network.logits(X))
    step = 1e-6
    for feature in range(5):
        nudge = step * np.eye(5)[feature]
        expected = (network.logits(X + nudge) - network.logits(X - nudge)) / (2 * step)
        close = np.abs(gradient[:, feature] - expected) <= 1e-6 * np.maximum(np.abs(expected), 1)
        assert close.mean() > 0.95  # a step may cross a kink


@given(st.lists(st.integers(1, 70), max_size=3), st.integers(1, 150), st.integers(1, 4), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_rows_are_independent_for_any_widths(widths: list[int], rows: int, members: int, inputs: int) -> None:
    network = untrained({"layers": widths, "members": members}, inputs)
    X = np.random.default_rng(rows).standard_normal((rows, inputs))
    logits = network.logits(X)
    np.testing.assert_array_equal(network.logits(X[::-1])[::-1], logits)
    np.testing.assert_array_equal(network.logits(X[rows // 2 :]), logits[rows // 2 :])


def test_members_are_averaged_by_their_logits() -> None:
    together = Trainer(parse_spec({"members": 3, "epochs": 2}), design())
    list(together.epochs())
    alone = []
    for seed in range(3):
        trainer = Trainer(parse_spec({"seed": seed, "epochs": 2}), design())
        list(trainer.epochs())
        alone.append(trainer.network().logits(design().X))
    np.testing.assert_allclose(together.network().logits(design().X), np.mean(alone, 0), rtol=1e-12)


@pytest.mark.parametrize("spec", [*SPECS, {"layers": [{"embedding": 3}, 4]}], ids=json.dumps)
def test_a_network_round_trips_through_json_and_arrays(spec: dict[str, object]) -> None:
    data = coded_design()
    trainer = Trainer(parse_spec(spec | {"epochs": 1}), data)
    list(trainer.epochs())
    network = trainer.network()
    again = Network.from_arrays(json.loads(json.dumps(network.layers_json)), network.arrays())
    np.testing.assert_array_equal(again.logits(data.X), network.logits(data.X))


def test_a_network_cannot_be_changed_or_pickled() -> None:
    network = untrained({}, 4)
    with pytest.raises(ValueError, match="read-only"):
        network.arrays()["0.weights"][0, 0] = 1
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(network)


def test_threads_share_a_network() -> None:
    network = untrained({"layers": [32, 16]}, 6)
    tables = [np.random.default_rng(seed).standard_normal((300, 6)) for seed in range(16)]
    expected = [network.logits(X) for X in tables]
    with ThreadPoolExecutor(8) as pool:
        for found, logits in zip(pool.map(network.logits, tables), expected, strict=True):
            np.testing.assert_array_equal(found, logits)


def test_wrong_shapes_and_documents_are_refused() -> None:
    network = untrained({}, 4)
    with pytest.raises(ShapeError, match="4 features"):
        network.logits(np.zeros((3, 5)))
    with pytest.raises(ShapeError, match=r"'0\.weights'"):
        Network.from_arrays(network.layers_json, {})
    with pytest.raises(SpecError, match="'nonsense' is not one of"):
        Network.from_arrays(network.layers_json | {"layers": [{"nonsense": {}}]}, {})
    assert network.logits(np.zeros((0, 4))).shape == (0,)
