"""A customer of a file is found by id or by row, with the outcome."""

import io

import pytest

from ebb.customers import customers
from model.errors import ColumnError, TableError
from model.estimator import Estimator
from model.found_customer import find_customer
from tests.model.fitted import fit, home_table

DATA = customers(9_000, seed=0).to_csv().encode()


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return fit(home_table(), id_column="customer_id", layers=[4]).estimator()


def test_a_customer_beyond_the_first_chunk_is_found_by_id(estimator: Estimator) -> None:
    lines = DATA.decode().splitlines()
    head, wanted = lines[0].split(","), lines[8_500].split(",")
    found = find_customer(estimator, io.BytesIO(DATA), "csv", wanted[head.index("customer_id")])
    assert found.row == 8_500
    assert found.cells.columns["months"].scalars() == [float(wanted[head.index("months")])]
    assert found.churned == (wanted[head.index("churned")] in {"1", "true", "yes"})
    assert estimator.predict(found.cells).shape == (1,)


def test_without_a_wish_it_is_the_first(estimator: Estimator) -> None:
    assert find_customer(estimator, io.BytesIO(DATA), "csv").row == 1


def test_without_ids_a_customer_is_a_row_and_without_a_target_the_outcome_is_unknown() -> None:
    estimator = fit(home_table(), layers=[4], columns={"customer_id": {"drop": True}}).estimator()
    table = b"months,monthly_charge,support_tickets,usage_hours\n1,20,3,4\n2,30,0,40\n"
    found = find_customer(estimator, io.BytesIO(table), "csv", "2")
    assert (found.row, found.customer_id, found.churned) == (2, "2", None)
    assert found.cells.columns["monthly_charge"].scalars() == [30.0]


def test_a_customer_who_is_not_there_is_told(estimator: Estimator) -> None:
    told = "no customer 'nobody' in its column 'customer_id', among its first 9,000 rows"
    with pytest.raises(TableError, match=told):
        find_customer(estimator, io.BytesIO(DATA), "csv", "nobody")


def test_a_value_that_cannot_be_used_is_told(estimator: Estimator) -> None:
    table = b"customer_id,months,monthly_charge,support_tickets,usage_hours\nc-1,many,20,3,4\n"
    with pytest.raises(ColumnError, match=r"row 1: .*months"):
        find_customer(estimator, io.BytesIO(table), "csv", "c-1")
