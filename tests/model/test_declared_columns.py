"""Columns of declared kind: the table is checked, and scoring reads the same values as training."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.columns import Days, Flags, Numbers, Table, Words
from model.columns.category_text import rewritten, words_of
from model.errors import ColumnError, SpecError
from model.estimator import Estimator, Fitting
from model.profile.table_profile import TableProfile
from model.spec import parse_spec
from model.tables.reader import read_table
from model.training.expected import expected_shape
from tests.model.fitted import fit

ROWS = 400
CODE = np.random.default_rng(0).choice([3.0, 4.0, 17.0, 2.5], ROWS)
CHURNED = Flags(((CODE == 4) ^ (np.random.default_rng(1).random(ROWS) < 0.1)).astype(float))


def trained(cells, kind: str, **spec) -> Estimator:
    table = Table({"code": cells, "x": Numbers(np.sin(np.arange(ROWS))), "churned": CHURNED}, ROWS)
    return fit(table, columns={"code": {"kind": kind}}, **spec).estimator()


@pytest.fixture(scope="module")
def coded() -> Estimator:
    cells = Numbers(np.where(np.arange(ROWS) % 50 == 0, np.nan, CODE))
    return trained(cells, "categorical", optimizer={"learning_rate": 0.02}, epochs=30)


def scores(estimator: Estimator, values: list[object]) -> list[float]:
    return estimator.predict({"code": values}, len(values)).tolist()


def test_a_number_that_is_declared_categorical_has_a_feature_for_each_value(coded):
    column = coded.encoder.columns[0]
    assert (column.kind, column.source, column.gaps) == ("categorical", "numeric", True)
    assert set(column.categories) == {"3", "4", "17", "2.5"}
    assert coded.metrics["valid_auc"] > 0.8


def test_equal_numbers_name_the_same_category_however_they_are_written(coded):
    for first, *others in ((4, 4.0, "4", "4.0", " 04 ", "4e0"), (2.5, "2.50"), (None, "", "NA")):
        assert scores(coded, [first, *others]) == [scores(coded, [first])[0]] * (1 + len(others))
    assert len(set(scores(coded, [3, 4, 17, 2.5]))) == 4
    assert coded.unseen({"code": [4, "4.0", 5, "other", None]}, 5) == {"code": 2}


def test_a_file_is_scored_as_records_are(coded):
    for text, values in (("4\n17\n\n", [4, 17, None]), ("4.0\nother\n2.5\n", [4, "other", 2.5])):
        cells = read_table(io.BytesIO(f"code,x\n{text.replace(chr(10), ',0' + chr(10))}".encode()), "csv").columns
        table, problems = coded.read({"code": cells["code"]}, 3)
        assert not problems.rows
        assert coded.predict(table).tolist() == scores(coded, values)
    assert coded.predict({"code": np.array([4.0, np.nan])}, 2).tolist() == scores(coded, [4, None])


def test_values_that_are_no_category_are_refused_with_their_row(coded):
    for value in (True, float("inf"), 10**400, [4], {}):
        _, problems = coded.read({"code": [4, value]}, 2)
        assert [problem.code for problem in problems.rows[1]] == ["wrong_type"]
        assert "expected a number or text" in problems.rows[1][0].detail


def test_an_estimator_round_trips_through_its_bytes(coded):
    again = Estimator.from_bytes(coded.to_bytes())
    assert again.encoder == coded.encoder
    assert scores(again, [4, "17", None]) == scores(coded, [4, "17", None])


def test_reasons_of_a_declared_column_add_up(coded):
    explained = coded.explain({"code": [4, "17", None], "x": [0.1, 0.2, None]}, 3)
    difference = coded.log_odds({"code": [4, "17", None], "x": [0.1, 0.2, None]}, 3) - coded.baseline_log_odds
    totals = [sum(reason.contribution for reason in reasons) for reasons in explained.reasons]
    assert np.abs(totals - difference).max() < 1e-12


def test_a_declared_column_may_be_embedded():
    estimator = trained(Numbers(CODE), "categorical", embedding={"at_least": 2})
    assert estimator.encoder.codes[0].cardinality == 4
    assert scores(estimator, ["4.0"]) == scores(estimator, [4])


def test_texts_that_are_declared_categorical_stay_as_they_are():
    estimator = trained(Words.of([("04", "4", "x")[i % 3] for i in range(ROWS)]), "categorical")
    assert set(estimator.encoder.columns[0].categories) == {"04", "4", "x"}
    assert scores(estimator, [4]) == scores(estimator, ["4"]) != scores(estimator, ["04"])


def test_flags_and_dates_may_be_categories():
    flags = trained(Flags((CODE == 4).astype(float)), "categorical")
    assert scores(flags, [True, False]) == scores(flags, ["True", "false"])
    dates = trained(Days(np.floor(CODE)), "categorical")
    assert dates.encoder.columns[0].categories[0].startswith("1970-01-")
    assert scores(dates, ["1970-01-04"]) == scores(dates, ["1970-01-04T01:00:00+01:00"])


def test_texts_that_are_declared_numeric_are_numbers_in_training_and_scoring():
    estimator = trained(Words.of([f"{code} " if code != 3 else "N/A" for code in CODE]), "numeric")
    column = estimator.encoder.columns[0]
    assert (column.kind, column.gaps, column.texts) == ("numeric", True, True)
    assert scores(estimator, [17, "17", " 17.0"]) == [scores(estimator, [17])[0]] * 3
    assert scores(estimator, ["NA"]) == scores(estimator, [None])
    _, problems = estimator.read({"code": ["seven"]}, 1)
    assert problems.rows[0][0].code == "wrong_type"


@pytest.mark.parametrize(
    ("cells", "kind", "detail"),
    [
        (Words.of(["4"] * 399 + ["12 months"]), "numeric", "holds '12 months' in row 400, which is not a number"),
        (Flags(np.ones(ROWS)), "numeric", "holds true in row 1, which is not a number"),
        (Numbers(CODE), "date", "in row 1, which is not an ISO 8601 date"),
        (Words.of(["2024-01-02"] * 7 + ["soon"] * 393), "date", "holds 'soon' in row 8, which is not an ISO 8601 date"),
        (Words.of(["true", "yes"] * 200), "boolean", "holds 'yes' in row 2, which is not true or false"),
    ],
)
def test_a_value_of_another_kind_is_refused_with_its_row(cells, kind, detail):
    table = Table({"code": cells, "churned": CHURNED}, ROWS)
    with pytest.raises(SpecError, match=f"/columns/code/kind: column 'code' .*{detail}: correct it"):
        Fitting(table, target="churned", spec=parse_spec({"columns": {"code": {"kind": kind}}}))


def test_a_column_of_numbers_with_a_word_says_that_it_can_be_declared():
    table = Table({"code": Words.of([*map(str, range(ROWS - 1)), "odd"]), "churned": CHURNED}, ROWS)
    with pytest.raises(ColumnError, match=r'declare the column .*"kind": "categorical"'):
        fit(table)


@given(st.lists(st.floats(-1e300, 1e300) | st.integers(-(2**60), 2**60) | st.none(), min_size=1))
def test_the_texts_of_numbers_are_the_same_from_cells_and_from_texts(values):
    words = words_of(Numbers.of(values))
    assert rewritten(words, "numeric").scalars() == words.scalars()
    assert rewritten(Words.of([None if v is None else repr(v) for v in values]), "numeric").scalars() == words.scalars()


@pytest.mark.parametrize("kind", ["categorical", "numeric"])
def test_the_schema_bounds_the_features_of_declared_columns(kind):
    cells = Numbers(np.floor(CODE)) if kind == "categorical" else Words.of([str(code) for code in CODE])
    profile = TableProfile("churned")
    profile.add({"code": cells, "churned": CHURNED}, ROWS)
    spec = parse_spec({"columns": {"code": {"kind": kind}}})
    schema = profile.schema().to_json()
    encoder = Fitting(Table({"code": cells, "churned": CHURNED}, ROWS), target="churned", spec=spec).encoder
    assert len(encoder.features) <= expected_shape(schema["columns"], ROWS, spec).inputs <= 20
