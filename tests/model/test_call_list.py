"""A call list of a file: the most profitable customers, the reasons of those, and the columns of the file."""

import io
import json

import numpy as np
import pytest

from ebb.customers import customers
from model.call_list import CallList, CallListOptions, CallListSummary
from model.campaign import Economics, plan_contacts
from model.errors import EstimatorError
from model.estimator import Estimator
from model.tables.reader import read_table
from tests.model.fitted import fit, home_table

TABLE = customers(9_000, seed=5).to_csv().encode()  # more than two chunks
ECONOMICS = Economics(200, 10, 1, 0.3, capacity=40)


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return fit(home_table(), id_column="customer_id").estimator()


def make(estimator: Estimator, table: bytes, **options) -> tuple[list[dict], CallListSummary]:
    calls = CallList(estimator, io.BytesIO(table), "csv", CallListOptions(**{"economics": ECONOMICS} | options))
    for _ in calls.rank():
        pass
    for _ in calls.explain():
        pass
    return [json.loads(line) for line in calls.lines()], calls.summary()


def test_the_list_is_the_plan_for_all_scores_with_the_reasons_of_the_chosen(estimator: Estimator) -> None:
    table = read_table(io.BytesIO(TABLE), "csv", ["customer_id"])
    p = estimator.predict(table.columns, table.rows)
    plan = plan_contacts(p, ECONOMICS)
    lines, summary = make(estimator, TABLE)
    ids = table.columns["customer_id"].scalars()
    assert [line["customer_id"] for line in lines] == [ids[row] for row in plan.chosen]
    assert [line["churn_probability"] for line in lines] == p[plan.chosen].tolist()
    assert [line["expected_profit"] for line in lines] == [plan.profits[row] for row in plan.chosen]
    explained = estimator.explain(table.take(np.array(plan.chosen)), top=3, direction="raising")
    assert [line["reasons"] for line in lines] == [[r.to_json() for r in some] for some in explained.reasons]
    assert (summary.customers, summary.expected_profit) == (40, plan.expected_profit)
    assert summary.worth_calling == sum(profit > 0 for profit in plan.profits)
    assert (summary.id_name, summary.threshold) == ("customer_id", ECONOMICS.threshold)


def test_customers_who_have_left_are_listed_only_where_asked_for(estimator: Estimator) -> None:
    everybody, _ = make(estimator, TABLE)
    some, summary = make(estimator, TABLE, churned_column="churned")
    assert {line["customer"]["churned"] for line in some} == {"no"}
    assert "yes" in {line["customer"]["churned"] for line in everybody}
    assert summary.churned == TABLE.count(b",yes\n")


def test_a_column_says_what_each_customer_is_worth(estimator: Estimator) -> None:
    emptied = TABLE.replace(b"\nc-0002,3,49.99,", b"\nc-0002,3,,", 1)
    lines, summary = make(estimator, emptied, value_column="monthly_charge", value_times=12.0)
    for line in lines:
        worth, p = 12.0 * line["customer"]["monthly_charge"], line["churn_probability"]
        assert line["customer_value"] == pytest.approx(worth)
        assert line["expected_profit"] == pytest.approx(p * 0.3 * (worth - 10) - (1 - p) * 10 - 1)
    assert (summary.without_value, summary.threshold) == (1, None)
    assert "c-0002" not in {line["customer_id"] for line in lines}


def test_columns_that_are_not_learned_from_are_repeated_as_they_are_written(estimator: Estimator) -> None:
    header, *rows = TABLE.decode().splitlines()
    phones = "\n".join([f"{header},phone", *(f"{row},00{place}" for place, row in enumerate(rows))]) + "\n"
    lines, summary = make(estimator, phones.encode())
    place_of = {row.partition(",")[0]: place for place, row in enumerate(rows)}
    assert all(line["customer"]["phone"] == f"00{place_of[line['customer_id']]}" for line in lines)
    assert summary.columns[-1] == "phone"


def test_rows_are_numbered_where_the_file_has_no_ids(estimator: Estimator) -> None:
    named, _ = make(estimator, TABLE)
    without = "\n".join(row.partition(",")[2] for row in TABLE.decode().splitlines()) + "\n"
    lines, summary = make(estimator, without.encode())
    assert [f"c-{line['row']:04d}" for line in lines] == [line["customer_id"] for line in named]
    assert summary.id_name == "row"


def test_a_value_that_cannot_be_used_keeps_its_row_off_the_list(estimator: Estimator) -> None:
    best = make(estimator, TABLE)[0][0]["customer_id"]
    broken = "\n".join(
        f"{best},many,1,1,1,no" if row.startswith(f"{best},") else row for row in TABLE.decode().split("\n")
    )
    lines, _ = make(estimator, broken.encode())
    assert best not in {line["customer_id"] for line in lines}


def test_a_list_on_which_nobody_is_worth_a_call_is_empty(estimator: Estimator) -> None:
    lines, summary = make(estimator, TABLE, economics=Economics(1, contact_cost=5))
    assert (lines, summary.customers, summary.worth_calling, summary.expected_profit) == ([], 0, 0, 0.0)


def test_an_estimator_of_a_number_makes_no_call_list() -> None:
    by = fit(home_table(), target="months", id_column="customer_id", loss="squared_error").estimator()
    with pytest.raises(EstimatorError, match="needs churn"):
        make(by, TABLE)
