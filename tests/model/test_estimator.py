import io
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebb.customers import customers
from model.columns import Flags, Numbers, Table, Words
from model.errors import CheckpointError, ColumnError, ModelError, SpecError, TableError
from model.estimator import Estimator, Fitting
from model.spec import parse_spec
from model.storage import pack, pack_checkpoint, unpack_checkpoint
from model.tables import read_table

SCALES = {"months": 60, "monthly_charge": 160, "support_tickets": 10, "usage_hours": 100}
FIXED = {name: {"scale": scale} for name, scale in SCALES.items()}


def fit(table: Table, target: str = "churned", id_column: str | None = None, **spec) -> Fitting:
    fitting = Fitting(table, target=target, id_column=id_column, spec=parse_spec({"epochs": 8, **spec}))
    for _ in fitting.epochs():
        pass
    return fitting


def home_table(n: int = 400, seed: int = 0) -> Table:
    return read_table(io.BytesIO(customers(n, seed).to_csv().encode()), "csv")


def mixed_table(n: int = 300) -> Table:
    rng = np.random.default_rng(3)
    y = rng.random(n) < 0.3
    months = rng.integers(1, 61, n) + 5.0 * ~y
    months[rng.random(n) < 0.1] = np.nan
    plan = rng.choice(["basic", "family", "student", "odd"], n, p=[0.5, 0.3, 0.19, 0.01])
    return Table(
        {
            "months": Numbers(months),
            "plan": Words.of(plan.tolist()),
            "auto_pay": Flags(rng.integers(0, 2, n).astype(float)),
            "constant": Numbers(np.ones(n)),
            "churned": Flags(y.astype(float)),
        },
        n,
    )


@pytest.fixture(scope="module")
def home() -> Estimator:
    return fit(home_table(), id_column="customer_id", members=3).estimator()


@pytest.fixture(scope="module")
def mixed() -> Estimator:
    return fit(mixed_table()).estimator()


def test_the_first_customer_is_scaled_as_in_the_worked_example():
    estimator = fit(home_table(), id_column="customer_id", columns=FIXED, epochs=1).estimator()
    table, _ = estimator.read(
        {"months": [24], "monthly_charge": [79.99], "support_tickets": [2], "usage_hours": [45]}, 1
    )
    features = estimator.encoder.encode(table)
    assert features.round(2).tolist() == [[0.40, 0.50, 0.20, 0.45]]
    assert features.tolist() == [[24 / 60, 79.99 / 160, 2 / 10, 45 / 100]]


records = st.fixed_dictionaries(
    {},
    optional={
        "months": st.one_of(st.none(), st.integers(-500, 500), st.floats(-500, 500)),
        "plan": st.one_of(st.none(), st.sampled_from(["basic", "family", "odd", "", "unheard of"])),
        "auto_pay": st.one_of(st.none(), st.booleans()),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=1, max_size=150), st.data())
def test_a_record_alone_has_the_bits_it_has_anywhere_in_any_batch(mixed, batch, data):
    columns = {name: [record.get(name) for record in batch] for name in ("months", "plan", "auto_pay")}
    together, reasons = mixed.predict(columns, len(batch)), mixed.contributions(columns, len(batch))
    order = data.draw(st.permutations(range(len(batch))))
    shuffled = {name: [values[i] for i in order] for name, values in columns.items()}
    assert mixed.predict(shuffled, len(batch)).tobytes() == together[order].tobytes()
    for row in data.draw(st.lists(st.sampled_from(range(len(batch))), max_size=3)):
        alone = {name: [value] for name, value in batch[row].items()}
        assert mixed.predict(alone, 1).tobytes() == together[row : row + 1].tobytes()
        assert mixed.contributions(alone, 1).tobytes() == reasons[row : row + 1].tobytes()


def test_a_thousand_customers_have_the_same_bits_from_a_file_from_lists_and_alone(home):
    drawn = customers(1000, 5)
    table = read_table(io.BytesIO(drawn.to_csv().encode()), "csv")
    cells, faults = home.read({name: table.columns[name] for name in SCALES}, 1000)
    assert not faults.rows
    lists = {name: values for name, values in drawn.columns().items() if name in SCALES}
    together = home.predict(cells)
    assert home.predict(lists, 1000).tobytes() == together.tobytes()
    for row in range(1000):
        assert home.predict({name: [values[row]] for name, values in lists.items()}, 1)[0] == together[row]


def test_reasons_sum_to_the_log_odds_difference_within_1e_12(home, mixed):
    drawn = customers(500, 6).columns()
    for estimator, columns in (
        (home, {k: v for k, v in drawn.items() if k in SCALES}),
        (mixed, {"months": [3.0, None]}),
    ):
        n = len(columns["months"])
        difference = estimator.log_odds(columns, n) - estimator.baseline_log_odds
        assert np.abs(estimator.contributions(columns, n).sum(axis=1) - difference).max() <= 1e-12


def test_reasons_name_the_owners_columns_the_largest_first(mixed):
    (reasons,) = mixed.explain({"months": [3], "plan": ["student"], "auto_pay": [True]}, 1)
    assert {reason.column: reason.value for reason in reasons} == {"months": 3, "plan": "student", "auto_pay": True}
    sizes = [abs(reason.contribution) for reason in reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert mixed.explain({"months": [3], "plan": ["student"], "auto_pay": [True]}, 1, top=2)[0] == reasons[:2]


def test_the_baseline_customer_has_the_baseline_log_odds(mixed):
    typical = {name: [value] for name, value in mixed.baseline_customer.items()}
    assert mixed.log_odds(typical, 1)[0] == mixed.baseline_log_odds
    assert not mixed.contributions(typical, 1).any()


def test_smooth_networks_are_explained_by_quadrature_with_a_small_gap():
    estimator = fit(home_table(), id_column="customer_id", activation="tanh").estimator()
    columns = {name: values for name, values in customers(100, 7).columns().items() if name in SCALES}
    assert np.abs(estimator.gaps(columns, 100)).max() < 1e-6


def test_an_estimator_comes_back_from_its_bytes_to_the_bit(mixed):
    data = mixed.to_bytes()
    again = Estimator.from_bytes(data)
    assert again.to_bytes() == data
    assert again.weights_sha256 == mixed.weights_sha256
    columns = {"months": [1, 20.5, None], "plan": ["basic", "x", None]}
    assert again.predict(columns, 3).tobytes() == mixed.predict(columns, 3).tobytes()
    assert again.explain(columns, 3) == mixed.explain(columns, 3)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", pack({"format": 99}, {}), pack({"format": 1}, {}), pack({}, {})])
def test_bytes_that_are_no_estimator_are_refused(data):
    with pytest.raises(ModelError):
        Estimator.from_bytes(data)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones():
    table = mixed_table()
    assert fit(table, seed=4).estimator().to_bytes() == fit(table, seed=4).estimator().to_bytes()
    assert fit(table, seed=4).estimator().weights_sha256 != fit(table, seed=5).estimator().weights_sha256


@pytest.mark.parametrize("pause", [1, 4, 8])
def test_a_fitting_resumed_from_a_checkpoint_ends_in_the_same_bytes(pause):
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


def test_metrics_are_those_of_the_estimator_as_it_scores(mixed):
    table = mixed_table()
    fitting = fit(table)
    metrics = fitting.estimator().metrics
    y = fitting.y[fitting.valid_rows]
    p = fitting.estimator().predict({n: table.columns[n] for n in ("months", "plan", "auto_pay")}, table.rows)
    p = p[fitting.valid_rows]
    assert metrics["valid_loss"] == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), rel=1e-12)
    assert sum(group["rows"] for group in metrics["reliability"]) == metrics["valid_rows"] == len(y)


def test_scaling_is_learned_from_training_rows_only():
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
    assert len(fitting.valid_rows) + len(fitting.train_rows) == 300


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


def test_constant_and_dropped_columns_are_left_out_but_may_be_sent():
    fitting = fit(mixed_table(), columns={"plan": {"drop": True}})
    estimator = fitting.estimator()
    assert estimator.encoder.names == ("months", "auto_pay")
    assert estimator.left_out == ("plan", "constant")
    assert [warning["code"] for warning in estimator.warnings] == ["constant_column"]
    assert estimator.check({"months": 3, "plan": "basic", "constant": 1, "churned": True}) == []


def test_checking_a_record_tells_every_problem_with_its_pointer(mixed):
    record = {"months": float("nan"), "plan": 7, "auto_pay": "no", "mnths": 3}
    found = {(problem.pointer, problem.code) for problem in mixed.check(record)}
    assert found == {
        ("/months", "not_finite"),
        ("/plan", "wrong_type"),
        ("/auto_pay", "wrong_type"),
        ("/mnths", "unknown_column"),
    }
    assert mixed.check({"months": 3, "plan": None}) == []
    with pytest.raises(ColumnError, match="record 1"):
        mixed.predict({"months": [3, "x"]}, 2)


def test_scoring_goes_on_past_a_bad_record(mixed):
    table, faults = mixed.read({"months": [3, "x", 4]}, 3)
    assert list(faults.rows) == [1]
    assert mixed.predict(table)[[0, 2]].tobytes() == mixed.predict({"months": [3, 4]}, 2).tobytes()


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
            "'x' has no value in any",
        ),
        (
            bad_table(x=Numbers(np.arange(8.0)), gone=Flags(np.arange(8.0) % 2)),
            ColumnError,
            "no target column 'churned'",
        ),
        (bad_table(x=Numbers(np.arange(8.0)), churned=Numbers(np.arange(8.0))), ColumnError, "holds 2 in row 3"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_refused_saying_why(table, error, said):
    with pytest.raises(error, match=said):
        fit(table)


def test_a_spec_that_does_not_fit_the_table_is_refused():
    with pytest.raises(SpecError, match="no input column 'mnths'"):
        fit(mixed_table(), columns={"mnths": {"drop": True}})
    with pytest.raises(SpecError, match="binary_cross_entropy"):
        fit(mixed_table(), loss="mean_squared_error")
    with pytest.raises(TableError, match="no column 'when'"):
        fit(mixed_table(), validation={"time": "when"})
