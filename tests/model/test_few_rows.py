"""A feature is learned from enough training rows only: of missing values, and of rare categories."""

import numpy as np
import pytest

from model.columns import Table, Words
from model.columns.finding_warnings import gap_warnings
from tests.model.test_columns import NAN, TABLE, encoded, fitted, numbers


def of_rows(cells, rows):
    """The cells, repeated, with as many missing ones in all as asked."""
    known = np.flatnonzero(~cells.missing)
    return lambda missing: cells.take(
        np.append(np.resize(known, rows - missing), np.resize(np.flatnonzero(cells.missing), missing))
    )


@pytest.mark.parametrize(("rows", "enough"), [(150, 2), (700, 7), (3000, 30), (9000, 30)])
@pytest.mark.parametrize("name", TABLE)
def test_missing_values_have_a_feature_only_when_enough_training_rows_had_them(name, rows, enough):
    few, many = (fitted(**{name: of_rows(TABLE[name], rows)(missing)}) for missing in (enough - 1, enough))
    assert many.features == (*few.features, f"{name} is missing")
    gap, typical = encoded(few, **{name: [None, few.columns[0].baseline_value]})
    assert np.array_equal(gap, typical)


def test_too_few_missing_values_are_told_with_the_value_that_they_take():
    train = Table({"months": numbers(*range(998), NAN, NAN), "plan": Words.of(["basic"] * 900 + [None] * 100)}, 1000)
    [warning] = gap_warnings(fitted(**train.columns), train)
    assert (warning.code, warning.column) == ("few_gaps", "months")
    assert "no value in 2 training rows" in warning.detail
    assert "scored with 498.5" in warning.detail


def test_rare_categories_of_too_few_rows_count_as_the_most_frequent():
    encoder = fitted(plan=Words.of(["basic"] * 900 + ["family"] * 91 + ["odd"] * 9))
    assert encoder.features == ("plan = basic", "plan = family")
    assert encoded(encoder, plan=["odd", "never seen", "family"]).tolist() == [[1, 0], [1, 0], [0, 1]]
