"""Expected profit weighs every way a contact can end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scoring.economics import decide
from app.shapes.scores import Economics

shares = st.floats(0, 1)
money = st.floats(0, 1e6)


@given(shares, shares, money, money, money)
def test_expected_profit_is_the_mean_over_what_may_happen(
    p: float, acceptance: float, value: float, offer: float, contact: float
) -> None:
    outcomes = [
        (p * acceptance, value - offer - contact),  # would leave, takes the offer, stays
        (p * (1 - acceptance), -contact),  # would leave, and does
        (1 - p, -offer - contact),  # would stay, and takes the offer all the same
    ]
    expected = sum(chance * profit for chance, profit in outcomes)
    decision = decide(p, Economics(value, offer, contact, acceptance))
    assert decision.expected_profit == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert decision.contact == (decision.expected_profit > 0)


def test_the_customer_of_the_contracts_example_is_not_worth_a_contact() -> None:
    assert not decide(0.1503, Economics(200, 10, 1, 0.3)).contact
    assert decide(0.5, Economics(200, 10, 1, 0.3)).contact
