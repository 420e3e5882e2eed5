import json
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.columns import KINDS, Days, Flags, Numbers, Table, Words
from model.columns.cells import date_text, days_since_epoch
from model.columns.encoder import Encoder
from model.columns.inference import infer_kind
from model.columns.options import ColumnOptions
from model.errors import ColumnError

NAN = np.nan


def numbers(*values: float) -> Numbers:
    return Numbers(np.array(values))


def fitted(**columns) -> Encoder:
    rows = len(next(iter(columns.values())))
    return Encoder.fit(Table(columns, rows), list(columns), {})


def encoded(encoder: Encoder, **columns) -> np.ndarray:
    n = len(next(iter(columns.values())))
    table, problems = encoder.read(columns, n)
    assert not problems.rows
    return encoder.encode(table)


TABLE = {
    "months": numbers(1, 24, NAN, NAN, 3, 60),
    "auto_pay": Flags(np.array([1.0, 0.0, 1.0, NAN, NAN, 0.0])),
    "plan": Words.of(["basic", "family", "basic", None, "basic", None]),
    "joined": Days(np.array([19727.0, 19691.0, NAN, 19000.5, NAN, 19002.0])),
}


def test_every_kind_of_column_in_the_catalog_is_fitted_here():
    assert {column.kind for column in fitted(**TABLE).columns} == set(KINDS)


def test_an_encoder_round_trips_through_json_to_the_bit():
    encoder = fitted(**TABLE)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    table, _ = encoder.read(TABLE, 6)
    assert again.encode(table).tobytes() == encoder.encode(table).tobytes()


def test_json_lists_give_the_bits_of_a_file():
    encoder = fitted(**TABLE)
    table, _ = encoder.read(TABLE, 6)
    lists = {name: [cells.scalar(row) for row in range(6)] for name, cells in TABLE.items()}
    assert encoded(encoder, **lists).tobytes() == encoder.encode(table).tobytes()


def test_features_are_grouped_by_their_column():
    encoder = fitted(**TABLE)
    for column, group in zip(encoder.columns, encoder.groups, strict=True):
        assert all(feature.startswith(column.name) for feature in encoder.features[group])
    assert encoder.groups[-1].stop == len(encoder.features)


@pytest.mark.parametrize("name", TABLE)
def test_a_missing_value_has_a_flag_when_training_saw_missing_values(name):
    encoder = fitted(**{name: TABLE[name]})
    row = encoded(encoder, **{name: [None]})[0]
    assert encoder.features[-1] == f"{name} is missing"
    assert row[-1] == 1.0
    typical = encoded(encoder, **{name: [encoder.columns[0].baseline_value]})[0]
    assert typical[-1] == 0.0
    if name != "plan":
        assert row[0] == typical[0]


@pytest.mark.parametrize("name", TABLE)
def test_a_missing_value_new_to_training_counts_as_the_baseline_value(name):
    cells = TABLE[name].take(np.flatnonzero(~TABLE[name].missing))
    encoder = fitted(**{name: cells})
    assert not any(feature.endswith("is missing") for feature in encoder.features)
    gap, typical = encoded(encoder, **{name: [None, encoder.columns[0].baseline_value]})
    assert np.array_equal(gap, typical)


def test_an_absent_column_counts_as_missing():
    encoder = fitted(**TABLE)
    table, problems = encoder.read({}, 2)
    assert not problems.rows
    assert all(cells.missing.all() for cells in table.columns.values())


def test_outliers_do_not_move_the_scaling_of_the_others():
    values = np.linspace(0, 100, 1001)
    spoiled = values.copy()
    spoiled[-3:] = 1e15
    (clean,), (robust,) = fitted(x=Numbers(values)).columns, fitted(x=Numbers(spoiled)).columns
    assert robust.scale == pytest.approx(clean.scale, rel=0.01)
    assert robust.offset == clean.offset
    features = encoded(fitted(x=Numbers(spoiled)), x=Numbers(spoiled))
    assert np.abs(features).max() <= 3.0
    assert features[:-3].std() > 0.5


def test_a_mostly_constant_number_is_scaled_by_its_other_values():
    (column,) = fitted(x=numbers(*[0.0] * 90, *[5.0] * 10)).columns
    assert column.scale == 5.0


def test_a_number_that_never_varied_in_training_may_vary_later():
    encoder = fitted(x=numbers(5, 5, 5))
    assert encoded(encoder, x=[5, 6])[:, 0].tolist() == [0.0, pytest.approx(1.0, rel=0.1)]


def test_a_fixed_scale_is_a_plain_division():
    table = Table({"months": numbers(1, 24, 60)}, 3)
    encoder = Encoder.fit(table, ["months"], {"months": ColumnOptions(scale=60.0)})
    assert encoded(encoder, months=[24, 48])[:, 0].tolist() == [0.4, 0.8]


def test_the_accepted_range_can_be_narrowed():
    table = Table({"months": numbers(1, 24, 60)}, 3)
    encoder = Encoder.fit(table, ["months"], {"months": ColumnOptions(min=0.0, max=61.0)})
    _, problems = encoder.read({"months": [-1, 0, 61, 62]}, 4)
    assert sorted(problems.rows) == [0, 3]


def test_rare_and_unseen_categories_share_a_feature():
    plan = Words.of(["basic"] * 500 + ["family"] * 490 + [f"odd {i}" for i in range(10)])
    encoder = fitted(plan=plan)
    assert encoder.features == ("plan = basic", "plan = family", "plan is rare")
    rows = encoded(encoder, plan=["basic", "odd 3", "never seen"])
    assert rows.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    table, _ = encoder.read({"plan": ["basic", "odd 3", "never seen", None]}, 4)
    assert encoder.unseen(table) == {"plan": 2}


def test_an_unseen_category_counts_as_the_most_frequent_when_none_was_rare():
    encoder = fitted(plan=Words.of(["basic", "family", "basic", "family", "basic"]))
    assert encoded(encoder, plan=["never seen"]).tolist() == [[1, 0]]


def test_the_order_of_rows_does_not_change_the_fitted_columns():
    forwards = fitted(plan=Words.of(["b", "a", "c", "a", "c", "b"]))
    assert fitted(plan=Words.of(["c", "c", "a", "b", "b", "a"])) == forwards


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("months", "24", "wrong_type"),
        ("months", True, "wrong_type"),
        ("months", [1], "wrong_type"),
        ("months", NAN, "not_finite"),
        ("months", float("inf"), "not_finite"),
        ("months", 10**400, "not_finite"),
        ("months", 1e12, "out_of_range"),
        ("auto_pay", 1, "wrong_type"),
        ("auto_pay", "yes", "wrong_type"),
        ("plan", 3, "wrong_type"),
        ("plan", {"a": 1}, "wrong_type"),
        ("plan", "x" * 32_769, "too_long"),
        ("joined", "yesterday", "wrong_type"),
        ("joined", "2024-02-30", "wrong_type"),
        ("joined", 19727, "wrong_type"),
        ("joined", "9999-12-31T23:59:59-14:00", "wrong_type"),
        ("joined", "9999-12-31T23:59:59.999999Z", "wrong_type"),
        ("joined", "0001-01-01T00:00:00+14:00", "wrong_type"),
        ("joined", "0001-01-01T00:00:00.999999+00:00:01", "wrong_type"),
    ],
)
def test_a_value_of_the_wrong_kind_is_a_fault_of_its_row_only(column, value, code):
    encoder = fitted(**TABLE)
    good = TABLE[column].scalar(0)
    table, problems = encoder.read({column: [good, value, None]}, 3)
    assert list(problems.rows) == [1]
    (problem,) = problems.rows[1]
    assert (problem.pointer, problem.code) == (f"/{column}", code)
    assert column in problem.detail
    assert np.isfinite(encoder.encode(table)).all()


def test_a_pointer_escapes_slashes_and_tildes():
    encoder = fitted(**{"a/b~c": numbers(1, 2)})
    _, problems = encoder.read({"a/b~c": ["x"]}, 1)
    assert problems.rows[0][0].pointer == "/a~1b~0c"


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(ColumnError, match="'months' has 1 values for 2 records"):
        fitted(**TABLE).read({"months": [1]}, 2)


def test_a_column_without_values_or_with_too_many_categories_is_refused():
    with pytest.raises(ColumnError, match="no value in any training row"):
        fitted(x=numbers(NAN, NAN))
    with pytest.raises(ColumnError, match="10,000 different texts"):
        fitted(x=Words.of([f"w{i}" for i in range(10_000)]))
    with pytest.raises(ColumnError, match="30 different texts in 30 training rows"):
        fitted(x=Words.of([f"w{i}" for i in range(30)]))
    with pytest.raises(ColumnError, match="'12 months' in row 101"):
        fitted(x=Words.of([str(i) for i in range(100)] + ["12 months"]))
    with pytest.raises(ColumnError, match="no column to learn from"):
        Encoder.fit(Table({}, 3), [], {})


def test_texts_become_flags_or_dates_only_if_all_of_them_are():
    assert isinstance(infer_kind(Words.of(["true", "False", None])), Flags)
    assert isinstance(infer_kind(Words.of(["true", "maybe"])), Words)
    assert isinstance(infer_kind(Words.of(["2024-01-05", "2024-01-05T10:00:00+02:00"])), Days)
    assert isinstance(infer_kind(Words.of(["2024-01-05", "soon"])), Words)


FIRST, LAST = map(datetime.fromisoformat, ["0001-01-01", "9999-12-31T23:59:59.999999"])
A_DAY = timedelta(days=1)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.one_of(
    st.datetimes(),
    st.datetimes(FIRST, FIRST + A_DAY, timezones=OFFSETS),
    st.datetimes(LAST - A_DAY, LAST, timezones=OFFSETS),
    st.datetimes(timezones=OFFSETS).map(lambda moment: moment.replace(microsecond=0)),
    st.datetimes(FIRST.replace(1791), FIRST.replace(2149), timezones=OFFSETS),
)


def in_utc(moment):
    """Return the moment in UTC, without its offset; `None` outside the years 1 to 9999."""
    try:
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        return None


@given(MOMENTS)
def test_a_timestamp_survives_as_days(moment):
    days, own = days_since_epoch(moment.isoformat()), in_utc(moment)
    if own is None:
        assert days is None
        return
    if days is None:
        assert LAST - own <= timedelta(microseconds=20)
        return
    text = date_text(days)
    assert days_since_epoch(text) == days
    shown = datetime.fromisoformat(text).replace(tzinfo=None)
    assert abs(shown - own) <= timedelta(microseconds=40)
    if own.microsecond == 0 or 1791 <= own.year < 2149:
        assert shown == own


def test_typed_dates_outside_the_years_are_faults_of_their_rows():
    encoder, days = fitted(**TABLE), Days(np.array([3e6, 2_932_897.0, -719_163.0, -8e5, np.inf, -719_162.0, NAN]))
    table, problems = encoder.read({"joined": days}, 7)
    assert {row: found[0].code for row, found in problems.rows.items()} == dict.fromkeys(range(5), "wrong_type")
    assert "such as 2022-12-20, not '3000000 days after 1970-01-01'" in problems.rows[0][0].detail
    assert table.columns["joined"].scalars() == [None] * 5 + ["0001-01-01", None]
    for name in ("months", "auto_pay"):
        assert sorted(encoder.read({name: days}, 7)[1].rows) == list(range(6))
    assert encoder.unseen(encoder.read({"plan": days}, 7)[0]) == {"plan": 6}


@pytest.mark.parametrize("cells", TABLE.values())
def test_missing_values_of_one_row_are_counted_as_those_of_many(cells):
    alone = [Table({"x": cells.take(np.array([row]))}, 1).missing().get("x", 0) for row in range(len(cells))]
    assert alone == cells.missing.tolist()
    assert Table({"x": cells}, len(cells)).missing() == {"x": sum(alone)}


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(-(10**9), 10**9)), min_size=1, max_size=200))
def test_a_rows_features_do_not_depend_on_its_neighbours(values):
    encoder = fitted(x=Numbers(np.linspace(-1e9, 1e9, 50)))
    together = encoded(encoder, x=values)
    for row, value in enumerate(values):
        assert encoded(encoder, x=[value])[0].tobytes() == together[row].tobytes()


@given(st.lists(st.floats(-1e300, 1e300), min_size=2, max_size=30), st.floats(-1e300, 1e300))
def test_features_of_finite_numbers_are_finite(values, value):
    encoder = fitted(x=Numbers(np.array(values)))
    table, _ = encoder.read({"x": [*values, value]}, len(values) + 1)
    assert np.isfinite(encoder.encode(table)).all()
