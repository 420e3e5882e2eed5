"""Expected profit of a contact, and the choice of customers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.campaign import Economics, plan_contacts

shares = st.floats(0, 1)
money = st.floats(0, 1e6)


@given(shares, shares, money, money, money)
def test_expected_profit_is_the_mean_over_all_outcomes(
    p: float, acceptance: float, value: float, offer: float, contact: float
) -> None:
    outcomes = [
        (p * acceptance, value - offer - contact),  # would leave, accepts the offer, stays
        (p * (1 - acceptance), -contact),  # would leave, and leaves
        (1 - p, -offer - contact),  # would stay, and accepts the offer
    ]
    expected = sum(chance * profit for chance, profit in outcomes)
    decided = plan_contacts(np.array([p]), Economics(value, offer, contact, acceptance))
    assert decided.profits[0] == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert decided.contact[0] == (decided.profits[0] > 0)


def test_the_customer_of_the_api_example_is_not_contacted() -> None:
    assert plan_contacts(np.array([0.1503, 0.5]), Economics(200, 10, 1, 0.3)).contact == [False, True]


@given(shares, money, money, money)
def test_a_contact_is_profitable_above_the_threshold_only(
    acceptance: float, value: float, offer: float, contact: float
) -> None:
    economics = Economics(value, offer, contact, acceptance)
    edge = economics.threshold
    around = np.array([0.0, 1.0] if edge is None else [max(edge - 1e-3, 0.0), min(edge + 1e-3, 1.0)])
    profits = plan_contacts(around, economics).profits
    assert profits[0] <= 1e-6
    assert profits[1] >= -1e-6 if edge is not None else profits[1] <= 1e-6


@given(st.lists(shares, min_size=1, max_size=30), st.floats(0, 200), st.integers(0, 30))
def test_within_budget_and_capacity_the_most_profitable_are_chosen(
    probabilities: list[float], budget: float, capacity: int
) -> None:
    free = Economics(200, 10, 1, 0.3)
    limited = Economics(200, 10, 1, 0.3, budget=budget, capacity=capacity)
    everybody, some = plan_contacts(np.array(probabilities), free), plan_contacts(np.array(probabilities), limited)
    chosen = some.chosen
    ranked = sorted(np.flatnonzero(everybody.contact), key=lambda row: -everybody.profits[row])  # stable: ties in order
    assert chosen == ranked[: len(chosen)]
    assert sorted(chosen) == np.flatnonzero(some.contact).tolist()
    assert len(chosen) <= capacity
    assert some.expected_cost <= budget + 1e-9
    if len(chosen) < min(capacity, len(ranked)):  # one more exceeds the budget
        p = probabilities[ranked[len(chosen)]]
        assert some.expected_cost + 1 + (p * 0.3 + 1 - p) * 10 > budget - 1e-9


def test_a_customer_without_a_score_is_not_contacted() -> None:
    decided = plan_contacts(np.array([0.9, 0.9]), Economics(200, capacity=1), left_out=[0])
    assert decided.contact == [False, True]
