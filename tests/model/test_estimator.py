import io
from datetime import datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebb.customers import customers
from model.columns import Days, Flags, Numbers, Table, Words
from model.errors import ColumnError, EstimatorError
from model.estimator import Estimator
from model.storage import pack
from model.tables.reader import read_table
from tests.model.fitted import FIXED, SCALES, fit, home_table, mixed_table


@pytest.fixture(scope="module")
def home() -> Estimator:
    return fit(home_table(), id_column="customer_id", members=3).estimator()


@pytest.fixture(scope="module")
def mixed() -> Estimator:
    return fit(mixed_table()).estimator()


@pytest.fixture(scope="module")
def dated() -> Estimator:
    joined = np.arange(18_000.0, 18_200.0)
    table = Table({"joined": Days(joined), "churned": Flags((joined % 7 < 3).astype(float))}, len(joined))
    return fit(table, epochs=1).estimator()


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
def test_a_record_has_the_same_bits_alone_and_at_any_place_of_a_batch(mixed, batch, data):
    columns = {name: [record.get(name) for record in batch] for name in ("months", "plan", "auto_pay")}
    together, reasons = mixed.predict(columns, len(batch)), mixed.contributions(columns, len(batch))
    order = data.draw(st.permutations(range(len(batch))))
    shuffled = {name: [values[i] for i in order] for name, values in columns.items()}
    assert mixed.predict(shuffled, len(batch)).tobytes() == together[order].tobytes()
    for row in data.draw(st.lists(st.sampled_from(range(len(batch))), max_size=3)):
        alone = {name: [value] for name, value in batch[row].items()}
        assert mixed.predict(alone, 1).tobytes() == together[row : row + 1].tobytes()
        assert mixed.contributions(alone, 1).tobytes() == reasons[row : row + 1].tobytes()


DATES = st.one_of(
    st.none(),
    st.dates().map(lambda day: day.isoformat()),
    st.builds(
        "{}T{}{}".format,
        st.sampled_from(["0001-01-01", "0001-01-02", "1969-12-31", "2024-02-29", "9999-12-30", "9999-12-31"]),
        st.sampled_from(["00:00:00", "00:00:00.000001", "13:59:59", "14:00:00", "23:59:59", "23:59:59.999999"]),
        st.sampled_from(["", "Z", "+14:00", "-14:00", "+00:00:01", "-23:59"]),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DATES, min_size=1, max_size=20))
def test_a_date_has_the_same_answer_alone_and_in_a_batch(dated, dates):
    table, problems = dated.read({"joined": dates}, len(dates))
    scores, (reasons, gaps) = dated.predict(table), dated.explain(table)
    missing = 0
    for row, date in enumerate(dates):
        alone, own = dated.read({"joined": [date]}, 1)
        assert own.rows.get(0) == problems.rows.get(row)
        assert dated.predict(alone)[0] == scores[row]
        assert dated.explain(alone) == ([reasons[row]], [gaps[row]])
        shown = table.columns["joined"].scalar(row)
        assert (shown is None) == (date is None or row in problems.rows)
        assert shown is None or datetime.fromisoformat(str(shown))
        missing += alone.missing().get("joined", 0)
    assert table.missing().get("joined", 0) == missing == dates.count(None) + len(problems.rows)


def test_customers_have_the_same_bits_from_a_file_from_lists_and_alone(home):
    drawn = customers(1000, 5)
    table = read_table(io.BytesIO(drawn.to_csv().encode()), "csv")
    cells, problems = home.read({name: table.columns[name] for name in SCALES}, 1000)
    assert not problems.rows
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


def test_a_column_of_many_categories_has_the_same_bits_alone_and_in_a_batch():
    rng = np.random.default_rng(8)
    words = [f"town {i}" for i in rng.integers(0, 40, 900)]
    y = (rng.random(900) < 0.3).astype(float)
    table = Table({"town": Words.of(words), "x": Numbers(rng.normal(size=900)), "churned": Flags(y)}, 900)
    estimator = fit(table, layers=[12, 6], members=3).estimator()
    inputs = {"town": words[:100], "x": table.columns["x"].values[:100].tolist()}
    scores, reasons = estimator.log_odds(inputs, 100), estimator.contributions(inputs, 100)
    for row in range(100):
        alone = {name: [values[row]] for name, values in inputs.items()}
        assert estimator.log_odds(alone, 1)[0] == scores[row]
        assert estimator.contributions(alone, 1)[0].tolist() == reasons[row].tolist()


def test_reasons_refer_to_columns_the_largest_first(mixed):
    (reasons,), (gap,) = mixed.explain({"months": [3], "plan": ["student"], "auto_pay": [True]}, 1)
    assert {reason.column: reason.value for reason in reasons} == {"months": 3, "plan": "student", "auto_pay": True}
    sizes = [abs(reason.contribution) for reason in reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert mixed.explain({"months": [3], "plan": ["student"], "auto_pay": [True]}, 1, top=2) == ([reasons[:2]], [gap])


def test_reasons_of_smooth_networks_have_a_tiny_gap():
    estimator = fit(home_table(), id_column="customer_id", activation="tanh").estimator()
    columns = {name: values for name, values in customers(100, 7).columns().items() if name in SCALES}
    assert np.abs(estimator.explain(columns, 100).gaps).max() < 1e-12


def test_an_estimator_round_trips_through_its_bytes_to_the_bit(mixed):
    data = mixed.to_bytes()
    again = Estimator.from_bytes(data)
    assert again.to_bytes() == data
    assert again.weights_sha256 == mixed.weights_sha256
    columns = {"months": [1, 20.5, None], "plan": ["basic", "x", None]}
    assert again.predict(columns, 3).tobytes() == mixed.predict(columns, 3).tobytes()
    assert again.explain(columns, 3) == mixed.explain(columns, 3)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", pack({"format": 99}, {}), pack({"format": 1}, {}), pack({}, {})])
def test_bytes_of_another_kind_are_refused(data):
    with pytest.raises(EstimatorError):
        Estimator.from_bytes(data)


def test_check_returns_every_problem_of_a_record_with_its_pointer(mixed):
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


def test_scoring_continues_after_a_bad_record(mixed):
    table, problems = mixed.read({"months": [3, "x", 4]}, 3)
    assert list(problems.rows) == [1]
    assert mixed.predict(table)[[0, 2]].tobytes() == mixed.predict({"months": [3, 4]}, 2).tobytes()
