"""A sweep ranks configurations by out-of-fold losses, pauses trainings without a trace, and tells what it found."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ebb.customers import customers
from model.__main__ import main
from model.columns import Table
from model.columns.numeric import NumericColumn
from model.errors import CheckpointError, SpecError, SweepError
from model.estimator import Estimator, Fitting
from model.metrics import auc, log_loss
from model.storage import pack_checkpoint, unpack_checkpoint
from model.sweep.halving import Halving, rungs
from model.sweep.leaderboard import Leaderboard
from model.sweep.paused import limits_beside
from model.sweep.plan_parser import parse_plan
from model.sweep.standing import Standing
from model.sweep.summary import summary
from model.sweep.sweep import Sweep
from model.sweep.sweep_plan import SweepPlan
from model.tables.reader import read_table
from model.training.footprint import SizeLimits

COLUMNS: dict[str, Any] = {"target": "churned", "id_column": "customer_id"}
PLAN = {
    "spec": {"epochs": 20, "batch_size": 64, "dropout": 0.1, "early_stopping": {"patience": 4}},
    "space": {"layers": [[4], [8, 4]], "optimizer.learning_rate": {"min": 1e-3, "max": 1e-1, "log": True}},
    "configurations": 5,
    "folds": 3,
    "halving": {"first_epochs": 3, "factor": 2},
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    path = tmp_path_factory.mktemp("sweep") / "customers.csv"
    path.write_text(customers(300, seed=1).to_csv())
    return read_table(path, "csv")


@pytest.fixture(scope="module")
def plan() -> SweepPlan:
    return parse_plan(PLAN)


@pytest.fixture(scope="module")
def whole(table: Table, plan: SweepPlan) -> Sweep:
    return swept(Sweep(table, **COLUMNS, plan=plan))


def swept(sweep: Sweep) -> Sweep:
    for _ in sweep.steps():
        pass
    return sweep


def fitted(table: Table, plan: SweepPlan, configuration: int) -> Fitting:
    fitting = Fitting(table, **COLUMNS, spec=plan.specs[configuration])
    for _ in fitting.epochs():
        pass
    return fitting


def test_the_winner_has_the_bytes_of_a_training_by_its_spec_alone(table: Table, plan: SweepPlan, whole: Sweep) -> None:
    alone = fitted(table, plan, whole.leaderboard.winner().configuration)
    assert whole.fitting.estimator().to_bytes() == alone.estimator().to_bytes()
    assert whole.epochs_done == plan.epochs


def test_a_standing_has_the_losses_of_rows_that_were_held_out(table: Table, plan: SweepPlan, whole: Sweep) -> None:
    winner = whole.leaderboard.winner()
    alone = fitted(table, plan, winner.configuration)
    z, y, folds = alone.validation_log_odds(), alone.y, alone.split.folds
    assert (winner.loss, winner.auc) == (log_loss(y, z), auc(y, z))
    losses = [log_loss(y[folds == fold], z[folds == fold]) for fold in range(3)]
    assert winner.fold_losses == tuple(losses)
    assert winner.loss_error == pytest.approx(np.std(losses, ddof=1) / np.sqrt(3))


def test_the_best_of_each_rung_train_on(plan: SweepPlan, whole: Sweep) -> None:
    assert [(rung.epochs, rung.configurations) for rung in plan.rungs] == [(3, 5), (6, 3), (12, 2), (20, 2)]
    found: list[list[Standing]] = [[] for _ in plan.rungs]
    for standing in whole.leaderboard.standings:
        found[standing.rung].append(standing)
    for before, after in itertools.pairwise(found):
        best = sorted(before, key=lambda one: one.loss)[: len(after)]
        assert {one.configuration for one in best} == {one.configuration for one in after}
    assert whole.leaderboard.rows()[0] == min(found[-1], key=lambda one: one.loss)


@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_sweep_that_resumes_from_its_checkpoints_ends_the_same(
    table: Table, plan: SweepPlan, whole: Sweep, every: int
) -> None:
    assert_the_same(resumed_every(every, table, plan), whole)


def test_states_that_do_not_fit_are_trained_again_and_the_standing_says_so(
    table: Table, plan: SweepPlan, whole: Sweep
) -> None:
    without = swept(Sweep(table, **COLUMNS, plan=plan, paused_bytes=0))
    assert without.fitting.estimator().to_bytes() == whole.fitting.estimator().to_bytes()
    again = [one for one in without.leaderboard.standings if one.rung > 0 and one.epochs > one.from_epoch]
    assert again
    assert {one.from_epoch for one in again} == {0}
    kept = [one for one in whole.leaderboard.standings if one.rung == 1 and one.epochs > one.from_epoch]
    assert {one.from_epoch for one in kept} == {3}
    assert_the_same(resumed_every(5, table, plan, paused_bytes=0), without)


def resumed_every(every: int, table: Table, plan: SweepPlan, **options: Any) -> Sweep:
    """Sweep, and after so many steps start again from the checkpoint's bytes."""
    sweep = Sweep(table, **COLUMNS, plan=plan, **options)
    steps, taken = sweep.steps(), 0
    while next(steps, None) is not None:
        taken += 1
        if taken % every == 0:
            done, state = sweep.epochs_done, unpack_checkpoint(pack_checkpoint(sweep.checkpoint()))
            sweep = Sweep(table, **COLUMNS, plan=plan, **options, checkpoint=state)
            assert sweep.epochs_done == done
            steps = sweep.steps()
    return sweep


def assert_the_same(one: Sweep, other: Sweep) -> None:
    assert one.leaderboard.standings == other.leaderboard.standings
    assert one.fitting.estimator().to_bytes() == other.fitting.estimator().to_bytes()


def test_a_checkpoint_of_another_sweep_is_refused(table: Table, whole: Sweep) -> None:
    other = parse_plan(PLAN | {"folds": 4})
    with pytest.raises(CheckpointError, match="another sweep"):
        Sweep(table, **COLUMNS, plan=other, checkpoint=whole.checkpoint())


def test_a_configuration_that_cannot_be_trained_loses(table: Table) -> None:
    wild, wrong = {"optimizer": {"name": "sgd", "learning_rate": 1e30}}, {"columns": {"nope": {"drop": True}}}
    plan = parse_plan({"spec": {"epochs": 4}, "configurations": [wild, {"layers": [4]}, wrong], "folds": 2})
    sweep = swept(Sweep(table, **COLUMNS, plan=plan))
    rows = sweep.leaderboard.rows()
    assert [row.configuration for row in rows] == [1, 0, 2]
    assert rows[1].error is not None
    assert rows[1].error.startswith("training diverged")
    assert rows[2].error == "/columns/nope: the table has no input column 'nope'"
    assert summary(plan, sweep.leaderboard)["runner_up"] is None


def test_a_configuration_that_learns_from_no_column_loses(table: Table) -> None:
    none = {"columns": {name: {"drop": True} for name in table.columns if name not in COLUMNS.values()}}
    plan = parse_plan({"spec": {"epochs": 4}, "configurations": [none, {"layers": [4]}], "folds": 2})
    rows = swept(Sweep(table, **COLUMNS, plan=plan)).leaderboard.rows()
    assert [row.configuration for row in rows] == [1, 0]
    assert str(rows[1].error).startswith("there is no column to learn from")


def test_a_sweep_without_any_configuration_that_can_be_trained_is_an_error(table: Table) -> None:
    wild = [{"optimizer": {"name": "sgd", "learning_rate": rate}} for rate in (1e30, 1e31)]
    sweep = Sweep(table, **COLUMNS, plan=parse_plan({"configurations": wild, "folds": 2}))
    with pytest.raises(SweepError, match="configuration 0: training diverged"):
        swept(sweep)


def test_the_plan_of_a_job_is_the_plan_of_its_request(plan: SweepPlan) -> None:
    again = parse_plan(plan.to_json())
    assert (again.specs, again.rungs, again.digest) == (plan.specs, plan.rungs, plan.digest)


def test_the_configurations_read_the_columns_of_one_table_alike() -> None:
    alike = {"spec": {"columns": {"fee": {"read_as": "decimal_comma"}}}, "configurations": [{}, {"layers": [4]}]}
    assert parse_plan(alike).text_columns == ["fee"]
    read = {"columns": {"fee": {"read_as": "decimal_comma"}}}
    for plan, place in (
        ({"configurations": [{}, read]}, "/configurations/1/columns/fee/read_as"),
        ({"space": {"columns": [{}, read["columns"]]}}, "/space"),
    ):
        with pytest.raises(SpecError) as caught:
            parse_plan(plan)
        assert [problem.pointer for problem in caught.value.problems] == [place]


def test_a_sweep_reads_texts_as_its_spec_says(tmp_path: Path) -> None:
    table, plan, out = tmp_path / "fees.csv", tmp_path / "plan.json", tmp_path / "best.safetensors"
    table.write_text("fee,churned\n" + "".join(f"{n % 9 + 1}.{n:03},{int(n % 9 > 4)}\n" for n in range(100, 300)))
    spec = {"epochs": 2, "columns": {"fee": {"read_as": "decimal_comma"}}}
    plan.write_text(json.dumps({"spec": spec, "configurations": [{}, {"layers": [4]}], "folds": 2}))
    main(["sweep", str(table), "--target", "churned", "--plan", str(plan), "--out", str(out), "--json"])
    (column,) = Estimator.from_bytes(out.read_bytes()).encoder.columns
    assert isinstance(column, NumericColumn)
    assert column.fill > 1_000


def test_a_plan_alone_has_no_other_keys() -> None:
    assert parse_plan({"configurations": [{}, {"layers": [4]}], "model": "churn"})
    with pytest.raises(SpecError, match="/model: is not a key here"):
        parse_plan({"configurations": [{}, {"layers": [4]}], "model": "churn"}, alone=True)


@pytest.mark.parametrize("count", [2, 3, 10, 200])
@pytest.mark.parametrize("factor", [2, 3, 10])
def test_the_last_rung_trains_two_or_more_to_their_end(count: int, factor: int) -> None:
    found = rungs(count, 100, Halving(first_epochs=1, factor=factor))
    assert (found[0].configurations, found[-1].epochs) == (count, 100)
    assert all(2 <= after.configurations <= before.configurations for before, after in itertools.pairwise(found))
    assert all(before.epochs < after.epochs for before, after in itertools.pairwise(found))


def test_the_summary_has_the_runner_up_and_the_optimism_of_the_winner() -> None:
    plan = parse_plan({"configurations": [{"layers": [n]} for n in (1, 2, 3)], "folds": 2})
    losses = [(0.5, 0.3), (0.4, 0.6), (0.5, 0.4)]
    standings = [
        Standing(configuration=n, changes={}, rung=0, epochs=9, loss=sum(each) / 2, fold_losses=each)
        for n, each in enumerate(losses)
    ]
    found = summary(plan, Leaderboard(plan.rungs, standings))
    assert (found["configuration"], found["compared"], found["loss"]) == (0, 3, 0.4)
    assert found["optimism"] == pytest.approx((0.1 + 0.0) / 2)
    assert found["runner_up"]["configuration"] == 2
    assert found["runner_up"]["behind"] == pytest.approx(0.05)
    assert found["runner_up"]["behind_error"] == pytest.approx(np.std([0.0, 0.1], ddof=1) / np.sqrt(2))


def test_drawn_configurations_differ_and_keep_within_their_interval() -> None:
    space = {"optimizer.learning_rate": {"min": 1e-4, "max": 1e-2, "log": True}, "layers": [[4], [8]]}
    rates = [
        each["optimizer"]["learning_rate"]
        for each in parse_plan({"space": space, "configurations": 200}).configurations
    ]
    assert len(set(rates)) > 190
    assert min(rates) >= 1e-4
    assert max(rates) <= 1e-2
    assert 70 < sum(rate < 1e-3 for rate in rates) < 130


def test_a_small_grid_is_tried_whole() -> None:
    plan = parse_plan({"space": {"layers": [[4], [8]], "dropout": [0, 0.1]}, "configurations": 100})
    assert len(plan.configurations) == 4


def test_the_limits_of_a_training_leave_room_for_the_paused_ones() -> None:
    most = SizeLimits(memory=10**9, state=2**27)
    assert limits_beside(most, paused=3, state=10**6) == SizeLimits(10**9 - 3 * 7 * 10**6, 2**27 - 2**25)
    assert limits_beside(most, paused=100, state=10**7) == SizeLimits(10**9 - 7 * 2**25, 2**27 - 2**25)
    assert limits_beside(SizeLimits(), paused=3, state=10**6) == SizeLimits()
