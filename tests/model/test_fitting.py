import itertools

import numpy as np
import pytest

from model.columns import Flags, Numbers, Table
from model.errors import CheckpointError, ColumnError, SpecError, TableError
from model.estimator import Fitting
from model.spec import parse_spec
from model.storage import pack_checkpoint, unpack_checkpoint
from tests.model.fitted import fit, mixed_table


def test_equal_seeds_give_equal_bytes_and_other_seeds_other_bytes():
    table = mixed_table()
    assert fit(table, seed=4).estimator().to_bytes() == fit(table, seed=4).estimator().to_bytes()
    assert fit(table, seed=4).estimator().weights_sha256 != fit(table, seed=5).estimator().weights_sha256


@pytest.mark.parametrize("pause", [1, 4, 8])
def test_a_resumed_fitting_ends_with_the_same_bytes(pause):
    spec = parse_spec({"epochs": 8, "members": 2, "seed": 9})
    whole = Fitting(mixed_table(), target="churned", spec=spec)
    reports = list(whole.epochs())
    first = Fitting(mixed_table(), target="churned", spec=spec)
    list(itertools.islice(first.epochs(), pause))
    saved = unpack_checkpoint(pack_checkpoint(first.checkpoint()))
    second = Fitting(mixed_table(), target="churned", spec=spec, checkpoint=saved)
    assert [report.train_loss for report in second.epochs()] == [report.train_loss for report in reports[pause:]]
    assert second.estimator().to_bytes() == whole.estimator().to_bytes()


def test_a_checkpoint_of_another_table_or_spec_is_refused():
    checkpoint = fit(mixed_table()).checkpoint()
    with pytest.raises(CheckpointError, match="another table"):
        Fitting(mixed_table(299), target="churned", spec=parse_spec({"epochs": 8}), checkpoint=checkpoint)
    with pytest.raises(CheckpointError, match="another spec"):
        Fitting(mixed_table(), target="churned", spec=parse_spec({"epochs": 9}), checkpoint=checkpoint)


def test_metrics_equal_those_of_the_scores():
    table = mixed_table()
    fitting = fit(table)
    metrics = fitting.estimator().metrics
    y = fitting.y[fitting.valid_rows]
    p = fitting.estimator().predict({n: table.columns[n] for n in ("months", "plan", "auto_pay")}, table.rows)
    p = p[fitting.valid_rows]
    assert metrics["valid_loss"] == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-12)
    assert sum(group["rows"] for group in metrics["reliability"]) == metrics["valid_rows"] == len(y)


def test_scaling_is_fitted_on_training_rows_only():
    table = mixed_table()
    fitting = fit(table)
    months = table.columns["months"].values.copy()
    months[fitting.valid_rows] = 1e6
    moved = Table({**table.columns, "months": Numbers(months)}, table.rows)
    assert fit(moved).encoder == fitting.encoder


def test_the_validation_rows_have_the_tables_share_of_churners():
    fitting = fit(mixed_table())
    assert fitting.y[fitting.valid_rows].mean() == pytest.approx(fitting.y.mean(), abs=0.01)
    assert not set(fitting.valid_rows) & set(fitting.train_rows)
    assert (len(fitting.valid_rows), len(fitting.train_rows)) == (60, 240)


def test_validation_by_time_holds_out_the_latest_and_by_group_whole_groups():
    table = mixed_table()
    when = np.random.default_rng(0).permutation(300).astype(float)
    team = np.arange(300) // 10
    table = Table({**table.columns, "when": Numbers(when), "team": Numbers(team.astype(float))}, 300)
    fitting = fit(table, validation={"fraction": 0.2, "time": "when"})
    assert when[fitting.valid_rows].min() > when[fitting.train_rows].max()
    assert len(fitting.valid_rows) == 60
    fitting = fit(table, validation={"fraction": 0.2, "group": "team"})
    assert not set(team[fitting.valid_rows]) & set(team[fitting.train_rows])
    assert len(fitting.valid_rows) == 60


@pytest.mark.parametrize(
    ("validation", "said"),
    [
        ({"fraction": 0.999}, r"/validation/fraction: would hold out all \d+ rows that are \w+"),
        ({"fraction": 0.999, "time": "row"}, "/validation/fraction: leaves no row to train on: lower it"),
        ({"fraction": 0.999, "group": "row"}, "/validation/fraction: leaves no row to train on: lower it"),
        ({"group": "same"}, "/validation/group: all rows are of one group"),
        ({"group": "same", "folds": True}, "/validation/group: all rows are of one group"),
        ({"time": "same"}, "/validation/time: column 'same' is the same in all rows"),
    ],
)
def test_a_validation_without_training_rows_is_an_error_of_the_spec(validation, said):
    table = mixed_table()
    table = Table({**table.columns, "row": Numbers(np.arange(300.0)), "same": Numbers(np.ones(300))}, 300)
    with pytest.raises(SpecError, match=said):
        fit(table, validation=validation, members=3 if "folds" in validation else 1)


def test_constant_and_dropped_columns_are_left_out_and_accepted_in_records():
    fitting = fit(mixed_table(), columns={"plan": {"drop": True}})
    estimator = fitting.estimator()
    assert estimator.encoder.names == ("months", "auto_pay")
    assert estimator.left_out == ("plan", "constant")
    assert [warning["code"] for warning in estimator.warnings] == ["constant_column"]
    assert estimator.check({"months": 3, "plan": "basic", "constant": 1, "churned": True}) == []


def test_a_column_that_is_empty_in_all_training_rows_is_left_out_with_a_warning():
    table = mixed_table()
    held_out = fit(table).valid_rows[0]
    almost = np.full(table.rows, np.nan)
    almost[held_out] = 7.0
    columns = {**table.columns, "empty": Numbers(np.full(table.rows, np.nan)), "almost": Numbers(almost)}
    fitting = fit(Table(columns, table.rows), columns={"plan": {"drop": True}})
    estimator = fitting.estimator()
    assert estimator.encoder.names == ("months", "auto_pay")
    told = {warning["column"]: warning["detail"] for warning in estimator.warnings}
    assert "no value in any row: training leaves it out" in told["empty"]
    assert "no value in any training row: training leaves it out" in told["almost"]
    assert estimator.check({"months": 3, "empty": 1, "almost": "x"}) == []


def bad_table(**columns) -> Table:
    return Table(columns, len(next(iter(columns.values()))))


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [
        (bad_table(x=Numbers(np.arange(9.0)), churned=Flags(np.ones(9))), TableError, "all 9 rows churned"),
        (bad_table(x=Numbers(np.arange(1.0)), churned=Flags(np.zeros(1))), TableError, "all 1 rows stayed"),
        (
            bad_table(x=Numbers(np.arange(9.0)), churned=Flags(np.eye(9)[0])),
            TableError,
            "only 1 of 9 rows are churners",
        ),
        (bad_table(churned=Flags(np.arange(8.0) % 2)), ColumnError, "no column to learn from"),
        (bad_table(x=Numbers(np.ones(8)), churned=Flags(np.arange(8.0) % 2)), ColumnError, "no column to learn from"),
        (
            bad_table(x=Numbers(np.full(8, np.nan)), churned=Flags(np.arange(8.0) % 2)),
            ColumnError,
            "no column to learn from",
        ),
        (
            bad_table(x=Numbers(np.arange(8.0)), gone=Flags(np.arange(8.0) % 2)),
            ColumnError,
            "no target column 'churned'",
        ),
        (bad_table(x=Numbers(np.arange(8.0)), churned=Numbers(np.arange(8.0))), ColumnError, "holds 2 in row 3"),
    ],
)
def test_a_table_unfit_for_training_is_refused_with_the_reason(table, error, said):
    with pytest.raises(error, match=said):
        fit(table)


def test_a_spec_that_does_not_fit_the_table_is_refused():
    with pytest.raises(SpecError, match="no input column 'mnths'"):
        fit(mixed_table(), columns={"mnths": {"drop": True}})
    with pytest.raises(SpecError, match="binary_cross_entropy"):
        fit(mixed_table(), loss="mean_squared_error")
    with pytest.raises(SpecError, match="/class_weight/2: is not a label of this target: its labels are 0 to 1"):
        fit(mixed_table(), class_weight={"1": 3, "2": 1})
    with pytest.raises(SpecError, match="/columns/months/scale: makes numbers of this column too large for float32"):
        fit(mixed_table(), columns={"months": {"scale": 1e-300}})
    with pytest.raises(TableError, match="only 300 rows for 301 folds"):
        fit(mixed_table(), members=301, validation={"folds": True})
    with pytest.raises(ColumnError, match="'churned' cannot be both target and id"):
        fit(mixed_table(), id_column="churned")
    with pytest.raises(TableError, match="no column 'when'"):
        fit(mixed_table(), validation={"time": "when"})
