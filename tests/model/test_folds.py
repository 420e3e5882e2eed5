"""Folds: every row trains, and a member that never saw the row predicts it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.columns import Flags, Numbers, Table, Words
from model.errors import CheckpointError, SpecError, TableError
from model.estimator import Fitting
from model.metrics import auc, log_loss
from model.spec import parse_spec
from model.split import group_folds, stratified_folds
from model.storage import pack_checkpoint, unpack_checkpoint
from model.training.trainer import Trainer
from tests.model.designs import design
from tests.model.fitted import SCALES, fit, home_table, mixed_table

FOLDS = {"members": 4, "validation": {"folds": True}}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=6, max_size=80), st.integers(2, 9), st.integers(0, 2**31))
def test_folds_have_equal_sizes_and_shares(kinds, count, seed):
    y = np.array(kinds, float)
    sizes = np.bincount(y.astype(int), minlength=3)
    if sizes.min() < 2:
        with pytest.raises(TableError, match=f"only {sizes[sizes < 2][0]} of {len(y)} rows are kind"):
            stratified_folds(y, ("kind 0", "kind 1", "kind 2"), count, seed)
        return
    folds = stratified_folds(y, ("kind 0", "kind 1", "kind 2"), count, seed)
    assert np.ptp(np.bincount(folds, minlength=count)) <= 1
    for kind in range(3):
        assert np.ptp(np.bincount(folds[y == kind], minlength=count)) <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=80), st.integers(2, 5), st.integers(0, 2**31))
def test_groups_stay_whole_and_no_fold_is_empty(members, count, seed):
    cells = Numbers(np.array(members, float))
    if len(set(members)) < count:
        with pytest.raises(
            (TableError, SpecError), match=r"leave the group out, or set layers and fewer members|leave group out"
        ):
            group_folds(cells, count, seed)
        return
    folds = group_folds(cells, count, seed)
    assert set(folds) == set(range(count))
    for group in set(members):
        assert len(set(folds[np.array(members) == group])) == 1


def folded(rows: int = 240, members: int = 4) -> tuple[object, np.ndarray]:
    plain, everything = design(rows - 60, 60), np.arange(rows)
    folds = np.random.default_rng(3).permutation(rows) % members
    return replace(plain, train_rows=everything, valid_rows=everything, folds=folds), folds


@pytest.mark.parametrize("extra", [{}, {"batch_norm": True, "dropout": 0.2}, {"layers": [16, 8]}])
def test_a_member_equals_a_training_alone_on_the_other_folds(extra):
    data, folds = folded()
    spec = {"epochs": 6, "dtype": "float64", "early_stopping": None, "seed": 5, **extra}
    together = Trainer(parse_spec({**spec, **FOLDS}), data)
    reports = list(together.epochs())
    losses = []
    for member in range(4):
        solo = replace(
            data, train_rows=np.flatnonzero(folds != member), valid_rows=np.flatnonzero(folds == member), folds=None
        )
        alone = Trainer(parse_spec({**spec, "seed": 5 + member}), solo)
        losses.append([report.valid_loss for report in alone.epochs()])
        own = together.network().member_logits(data.X)[member]
        np.testing.assert_allclose(own, alone.network().logits(data.X), rtol=1e-9, atol=1e-11)
    assert [report.valid_loss for report in reports] == pytest.approx(np.mean(losses, axis=0).tolist(), rel=1e-9)


@pytest.mark.parametrize("restarts", [1, 3])
def test_all_members_stop_at_the_epoch_of_the_least_loss_of_all_held_out_rows(restarts):
    """Of several restarts, all members keep the one of the least loss of all held-out rows."""
    data, folds = folded()
    spec = {**FOLDS, "epochs": 40, "restarts": restarts, "optimizer": {"learning_rate": 0.05}, "seed": 5}
    trainer = Trainer(parse_spec({**spec, "early_stopping": {"patience": 3}}), data)
    losses = [report.valid_loss for report in trainer.epochs()]
    own = trainer.network().member_logits(data.X)[folds, np.arange(len(folds))]
    assert log_loss(data.y, own) == pytest.approx(min(losses), rel=1e-5)
    assert len(losses) < 40


def test_held_out_rows_do_not_influence_their_member():
    data, folds = folded()
    spec = parse_spec({**FOLDS, "epochs": 3, "early_stopping": None})
    changed = replace(data, y=np.where(folds == 2, 1 - data.y, data.y))
    networks = []
    for each in (data, changed):
        trainer = Trainer(spec, each)
        list(trainer.epochs())
        networks.append(trainer.network())
    for member in range(4):
        first, second = (network.member_logits(data.X)[member] for network in networks)
        assert (first.tobytes() == second.tobytes()) == (member == 2)


def test_uneven_folds_train_and_validate_every_row():
    data, folds = folded(243)
    trainer = Trainer(parse_spec({**FOLDS, "epochs": 2}), data)
    *_, report = trainer.epochs()
    own = trainer.network().member_logits(data.X)[folds, np.arange(243)]
    assert report.valid_auc == pytest.approx(auc(data.y, own), abs=1e-6)
    by_member = [log_loss(data.y[folds == member], own[folds == member]) for member in range(4)]
    assert report.valid_loss == pytest.approx(np.mean(by_member), rel=1e-5)


def test_metrics_and_calibration_use_predictions_of_unseen_rows():
    table = home_table(800)
    fitting = fit(table, id_column="customer_id", epochs=30, optimizer={"learning_rate": 0.01}, **FOLDS)
    estimator, metrics = fitting.estimator(), fitting.estimator().metrics
    assert (metrics["rows"], metrics["train_rows"], metrics["valid_rows"]) == (800, 800, 800)
    assert estimator.metrics["calibration"]["rows"] == 800
    X = estimator.encoder.encode(estimator.read({name: table.columns[name] for name in SCALES}, 800)[0])
    own = estimator.network.member_logits(X)[fitting.split.folds, np.arange(800)]
    assert metrics["valid_auc"] == pytest.approx(auc(fitting.y, own))
    every = estimator.network.member_logits(X)
    together = estimator.network.logits(X)
    shared = ((together - together.mean()) ** 2).mean() / ((every - together.mean()) ** 2).mean()
    assert 0.25 < shared < 1  # four members that partly agree
    drawn_in = own.mean() + shared * (own - own.mean())
    assert estimator.metrics["calibration"]["before"]["log_loss"] == pytest.approx(log_loss(fitting.y, drawn_in))
    assert metrics["valid_loss"] == log_loss(fitting.y, fitting.validation_log_odds())
    assert metrics["valid_loss"] > metrics["train_loss"]


def test_one_member_holds_out_all_rows_of_a_group():
    team = np.arange(300) // 10
    table = Table({**mixed_table().columns, "team": Numbers(team * 1.0)}, 300)
    fitting = fit(table, members=4, validation={"folds": True, "group": "team"})
    for group in range(30):
        assert len(set(fitting.split.folds[team == group])) == 1


@pytest.mark.parametrize("pause", [1, 5])
def test_a_resumed_fitting_with_folds_ends_with_the_same_bytes(pause):
    spec = parse_spec({"epochs": 7, **FOLDS})
    whole = Fitting(mixed_table(), target="churned", spec=spec)
    list(whole.epochs())
    first = Fitting(mixed_table(), target="churned", spec=spec)
    list(itertools.islice(first.epochs(), pause))
    saved = unpack_checkpoint(pack_checkpoint(first.checkpoint()))
    second = Fitting(mixed_table(), target="churned", spec=spec, checkpoint=saved)
    list(second.epochs())
    assert second.estimator().to_bytes() == whole.estimator().to_bytes()


def test_a_checkpoint_of_other_folds_is_refused():
    data, folds = folded()
    spec = parse_spec({**FOLDS, "epochs": 2})
    checkpoint = Trainer(spec, data).checkpoint()
    with pytest.raises(CheckpointError, match="other rows"):
        Trainer(spec, replace(data, folds=(folds + 1) % 4), checkpoint)


@pytest.mark.parametrize(
    ("loss", "metric"), [("squared_error", "valid_rmse"), ("softmax_cross_entropy", "valid_accuracy")]
)
def test_other_targets_support_folds(loss, metric):
    rng = np.random.default_rng(2)
    x = rng.normal(size=203)
    target = Numbers(100 * x) if loss == "squared_error" else Words.of(np.where(x > 0, "up", "down").tolist())
    table = Table({"x": Numbers(x), "t": target}, 203)
    fitting = fit(table, "t", loss=loss, epochs=30, optimizer={"learning_rate": 0.02}, **FOLDS)
    found = fitting.estimator().metrics
    assert found["valid_rows"] == 203
    assert found[metric] < 60 if loss == "squared_error" else found[metric] > 0.9


def test_impossible_folds_are_refused_with_a_remedy():
    with pytest.raises(SpecError, match="set members to about 5"):
        parse_spec({"validation": {"folds": True}})
    with pytest.raises(SpecError, match="/validation/folds: holds out every row, and time"):
        parse_spec({"members": 3, "validation": {"folds": True, "time": "when"}})
    few = Table({"x": Numbers(np.arange(8.0)), "churned": Flags(np.eye(8)[0])}, 8)
    with pytest.raises(TableError, match="only 1 of 8 rows are churners"):
        fit(few, **FOLDS)
    sides = Table(
        {"x": Numbers(np.arange(8.0)), "g": Numbers(np.arange(8.0) // 4), "churned": Flags(np.arange(8) // 4 * 1.0)}, 8
    )
    with pytest.raises(TableError, match="one outcome only"):
        fit(sides, members=2, validation={"folds": True, "group": "g"})
