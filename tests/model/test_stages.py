"""A training in stages resumes anywhere to the same bytes, and its networks are blended by held-out rows."""

import itertools
from typing import Any

import numpy as np
import pytest

from model.columns import Days, Flags, Numbers, Table, Words
from model.errors import CheckpointError, TableError
from model.estimator import Estimator, Fitting
from model.estimator.blending import blend_of, blend_weights
from model.logistic import fit_logistic
from model.network.blend import Blend, read_network
from model.network.network import Network
from model.spec import Recipe, parse_recipe
from model.storage import pack_checkpoint, unpack_checkpoint
from tests.model.fitted import fit, mixed_table

STAGE = {"members": 2, "validation": {"folds": True}, "epochs": 3, "early_stopping": None, "batch_size": 64}
STAGES = [
    {**STAGE, "layers": [], "embedding": {"at_least": 3, "width": 1}},
    {**STAGE, "layers": [6], "activation": "silu", "embedding": {"at_least": 3}, "periodic": {}},
    {**STAGE, "layers": [6, 6], "activation": "tanh", "embedding": {"at_least": 3}, "dropout": 0.1},
]
RECIPE = {"preset": "auto", "reasons": {"baseline": "stayer"}, "stages": STAGES}


def fitting(table: Table, recipe: Recipe | None = None, checkpoint: Any = None) -> Fitting:
    return Fitting(table, target="churned", spec=recipe or parse_recipe(RECIPE), checkpoint=checkpoint)


def trained(table: Table, raw: object = RECIPE) -> Fitting:
    found = fitting(table, parse_recipe(raw))
    for _ in found.epochs():
        pass
    return found


@pytest.fixture(scope="module")
def whole() -> Fitting:
    return trained(mixed_table())


@pytest.mark.parametrize("pause", range(1, 10))
def test_a_checkpoint_of_any_stage_resumes_to_the_same_bytes_and_epochs(whole: Fitting, pause: int) -> None:
    reports = list(fitting(mixed_table()).epochs())
    first = fitting(mixed_table())
    list(itertools.islice(first.epochs(), pause))
    saved = unpack_checkpoint(pack_checkpoint(first.checkpoint()))
    second = fitting(mixed_table(), checkpoint=saved)
    assert (second.epochs_done, second.epochs_planned) == (pause, 9)
    rest = [(report.epoch, report.stage, report.epochs, report.steps, report.train_loss) for report in second.epochs()]
    assert rest == [(one.epoch, one.stage, one.epochs, one.steps, one.train_loss) for one in reports[pause:]]
    assert second.estimator().to_bytes() == whole.estimator().to_bytes()


def test_epochs_and_steps_count_on_and_the_plan_shrinks_by_early_stops() -> None:
    stages = [{**each, "epochs": 4, "early_stopping": {"patience": 1, "min_delta": 9}} for each in STAGES]
    reports = list(fitting(mixed_table(), parse_recipe({**RECIPE, "stages": stages})).epochs())
    assert [report.epoch for report in reports] == list(range(1, len(reports) + 1))
    assert [report.epochs for report in reports] == [12, 12, 10, 10, 8, 8]
    assert [report.stage for report in reports] == [1, 1, 2, 2, 3, 3]
    assert np.diff([report.steps for report in reports]).tolist() == [reports[0].steps] * (len(reports) - 1)


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_a_checkpoint_of_another_portfolio_is_refused(changed: int) -> None:
    first = fitting(mixed_table())
    list(itertools.islice(first.epochs(), 5))
    stages = [{**stage, "weight_decay": 0.1} if i == changed else stage for i, stage in enumerate(STAGES)]
    for raw in ({**RECIPE, "stages": stages}, {**RECIPE, "stages": STAGES[:1]}, {**RECIPE, "stages": STAGES[1:]}):
        with pytest.raises(CheckpointError, match="another spec"):
            fitting(mixed_table(), parse_recipe(raw), first.checkpoint())


def test_a_checkpoint_of_a_release_without_stages_is_refused() -> None:
    first = fitting(mixed_table())
    next(iter(first.epochs()))
    state = first.checkpoint()
    del state.header["stages"]
    with pytest.raises(CheckpointError):
        fitting(mixed_table(), checkpoint=state)


def test_a_stage_that_diverges_begins_again_at_its_own_first_epoch() -> None:
    wild = {**STAGES[2], "activation": "relu", "optimizer": {"name": "sgd", "learning_rate": 3}, "retry_diverged": True}
    found = fitting(mixed_table(), parse_recipe({**RECIPE, "stages": [STAGES[0], {**wild, "residual": True}]}))
    reports = [(report.epoch, report.retries) for report in found.epochs()]
    assert reports == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1), (5, 1), (6, 1)]
    assert found.epochs_done == 6


def test_the_estimator_of_a_blend_reads_back_and_scores_each_row_alike_in_any_company(whole: Fitting) -> None:
    estimator = whole.estimator()
    again = Estimator.from_bytes(estimator.to_bytes())
    assert again.to_bytes() == estimator.to_bytes()
    table = mixed_table()
    columns = {name: table.columns[name] for name in estimator.encoder.names}
    together = again.log_odds(Table(columns, table.rows))
    for row in (0, 7, 299):
        one = Table({name: cells.take(np.array([row])) for name, cells in columns.items()}, 1)
        assert again.log_odds(one).tobytes() == together[[row]].tobytes()
    strange = {"months": [None], "plan": ["never seen"], "auto_pay": [None]}
    assert 0.0 < again.predict(strange, 1)[0] < 1.0


def test_the_reasons_of_a_blend_sum_to_the_log_odds(whole: Fitting) -> None:
    estimator, table = whole.estimator(), mixed_table()
    columns = Table({name: table.columns[name] for name in estimator.encoder.names}, table.rows)
    sums = estimator.contributions(columns).sum(1) + estimator.baseline_log_odds
    np.testing.assert_allclose(sums, estimator.log_odds(columns), rtol=0, atol=1e-9)


def two_networks() -> tuple[Network, Network]:
    spec = {"epochs": 2, "members": 2, "columns": {"plan": {"drop": True}, "auto_pay": {"drop": True}}}
    a, b = (fit(mixed_table(), **spec, seed=seed).estimator().network for seed in (1, 20))
    assert isinstance(a, Network)
    assert isinstance(b, Network)
    return a, b


def test_a_blend_is_the_weighted_sum_of_its_networks_to_the_bit() -> None:
    networks, X = two_networks(), np.random.default_rng(0).standard_normal((50, 2))
    blend = Blend(networks, (0.75, 0.25))
    expected = 0.75 * networks[0].logits(X) + 0.25 * networks[1].logits(X)
    assert blend.logits(X).tobytes() == expected.tobytes()
    assert blend.member_logits(X).shape == (2, 50)
    np.testing.assert_allclose(blend.member_logits(X).mean(0), expected, rtol=1e-12, atol=1e-12)
    again = read_network(blend.layers_json, blend.arrays())
    assert again.logits(X).tobytes() == expected.tobytes()


def test_a_network_without_weight_is_left_out() -> None:
    networks, y = two_networks(), np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    good, bad = 2 * y - 1 + np.array([0.3, -1.5, 0.2, 0.1, 0.4, 1.2]), 1.0 - 2 * y
    network, weights = blend_of(y, networks, np.stack([good, bad]))
    assert weights == (1.0, 0.0)
    assert network is networks[0]


def test_blend_weights_are_shares_and_the_better_network_has_more() -> None:
    rng = np.random.default_rng(2)
    z = 2 * rng.standard_normal(4000)
    y = (rng.random(4000) < 1 / (1 + np.exp(-z))).astype(float)
    noisy = np.stack([z + noise * rng.standard_normal(4000) for noise in (2.0, 0.5, 1.0)])
    weights = blend_weights(y, noisy)
    assert min(weights) >= 0.0
    assert sum(weights) == pytest.approx(1.0, abs=1e-12)
    assert weights[1] > weights[2] > weights[0]


def test_blend_weights_by_hand() -> None:
    """Two networks tell one thing each, alike well: each gets half. One that tells the opposite gets nothing."""
    first, second = np.array([1.0, 1, 1, -1, -1, -1]), np.array([1.0, -1, 1, -1, 1, -1])
    first, second, label = np.repeat(first, 2), np.repeat(second, 2), np.tile([0.0, 1.0], 6)
    counts = np.where((first + second > 0) == (label == 1), 3, 1)
    logits, label = np.repeat([first, second, -first], counts, axis=1), np.repeat(label, counts)
    assert blend_weights(label, logits) == pytest.approx((0.5, 0.5, 0.0), abs=1e-9)


@pytest.mark.parametrize(
    "columns",
    [
        {"plan": Words.of(["a", "b", "c"] * 100)},
        {"x": Numbers(np.random.default_rng(0).standard_normal(300))},
        {
            "x": Numbers(np.where(np.arange(300) % 3 == 0, np.nan, np.arange(300.0) % 17)),
            "f": Flags(np.arange(300.0) % 2),
        },
        {"day": Days(np.arange(300.0) % 40), "x": Numbers(np.where(np.arange(300) < 5, 1e300, 1.0))},
    ],
)
@pytest.mark.parametrize("preset", ["quick", "stages"])
def test_tables_of_one_kind_of_column_with_gaps_and_dates(columns: dict[str, Any], preset: str) -> None:
    y = (np.random.default_rng(1).random(300) < 0.4).astype(float)
    table = Table({**columns, "churned": Flags(y)}, 300)
    found = trained(table, RECIPE if preset == "stages" else preset).estimator()
    p = found.predict(Table(columns, 300))
    assert np.isfinite(p).all()
    assert Estimator.from_bytes(found.to_bytes()).predict(Table(columns, 300)).tobytes() == p.tobytes()


def test_fewer_groups_than_a_preset_has_members_are_refused_with_what_to_do() -> None:
    recipe = parse_recipe({"preset": "auto", "validation": {"group": "plan"}})
    with pytest.raises(TableError, match=r"only 4 groups for 8 folds: group by a column of at least 8 values"):
        fitting(mixed_table(), recipe)


def test_few_rows_are_told() -> None:
    assert "few_rows" in [warning["code"] for warning in trained(mixed_table(), "quick").warnings]
    assert "few_rows" not in [warning["code"] for warning in trained(mixed_table()).warnings]


@pytest.mark.parametrize("held", [{"time": "when"}, {"group": "team"}])
def test_a_portfolio_holds_out_by_time_and_by_group(held: dict[str, str]) -> None:
    table = mixed_table()
    when = np.random.default_rng(0).permutation(300).astype(float)
    table = Table({**table.columns, "when": Numbers(when), "team": Numbers(np.arange(300.0) // 10)}, 300)
    stages = [{**stage, "validation": {"folds": "group" in held, **held}} for stage in STAGES]
    for raw in ({"preset": "quick", "validation": held}, {**RECIPE, "validation": held, "stages": stages}):
        found = trained(table, raw)
        if "time" in held:
            assert when[found.valid_rows].min() > when[found.train_rows].max()
        else:
            assert found.split.folds is not None
            assert all(len(set(found.split.folds[start : start + 10])) == 1 for start in range(0, 300, 10))
        assert found.estimator().metrics["valid_loss"] > 0


@pytest.mark.parametrize("seed", range(6))
def test_small_tables_are_not_worse_than_by_logistic_regression(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = (150, 200, 250, 300, 350, 400)[seed]
    X, true = rng.standard_normal((n + 5000, 6)), rng.standard_normal(6)
    y = (rng.random(n + 5000) < 1 / (1 + np.exp(0.5 - X @ true))).astype(float)
    table = Table({**{f"c{i}": Numbers(X[:n, i]) for i in range(6)}, "churned": Flags(y[:n])}, n)
    estimator = trained(table, "quick").estimator()
    fresh = Table({f"c{i}": Numbers(X[n:, i]) for i in range(6)}, 5000)
    weights, bias = fit_logistic(X[:n], y[:n])
    signs = 2 * y[n:] - 1
    ours, peers = (np.logaddexp(0, -signs * z) for z in (estimator.log_odds(fresh), X[n:] @ weights + bias))
    difference = ours - peers
    assert difference.mean() <= 0.01 + 2 * difference.std() / np.sqrt(5000)


def test_a_single_network_of_a_portfolio_is_that_of_its_spec() -> None:
    alone = trained(mixed_table(), STAGES[0]).estimator().network.arrays()
    found = trained(mixed_table(), {**RECIPE, "stages": STAGES[:1]}).estimator().network.arrays()
    assert {name: array.tobytes() for name, array in found.items()} == {
        name: array.tobytes() for name, array in alone.items()
    }
