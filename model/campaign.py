"""Whether contacting a customer pays, and whom to contact when money or hands are short.

Source: Neslin, Gupta, Kamakura, Lu, Mason: Defection Detection, Journal of Marketing Research 43, 2006.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats


@dataclass(frozen=True)
class Economics:
    """What a retention campaign costs and brings for one customer, and how far it may go.

    Units: customer_value, offer_cost, contact_cost and budget in the same money; acceptance is the probability that a
    customer who would leave takes the offer and stays; capacity is a number of customers.
    """

    customer_value: float
    offer_cost: float = 0.0
    contact_cost: float = 0.0
    acceptance: float = 1.0
    budget: float | None = None
    capacity: int | None = None

    @property
    def limited(self) -> bool:
        """Whether there may be customers worth a contact who get none."""
        return self.budget is not None or self.capacity is not None

    @property
    def threshold(self) -> float | None:
        """The churn probability above which a contact pays, None where it never does.

        Example:
            >>> Economics(customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3).threshold
            0.16417910447761194
        """
        slope = self.acceptance * (self.customer_value - self.offer_cost) + self.offer_cost
        fixed = self.offer_cost + self.contact_cost
        return fixed / slope if fixed < slope else None


@dataclass(frozen=True)
class ContactPlan:
    """Each customer's expected profit, whether to contact, whom first, and what contacting them comes to."""

    profits: Sequence[float]
    contact: Sequence[bool]
    chosen: Sequence[int]
    expected_cost: float
    expected_profit: float


def plan_contacts(
    probabilities: Floats | Sequence[float], economics: Economics, left_out: Collection[int] = ()
) -> ContactPlan:
    """Weigh what a contact brings against what it costs, and choose whom to contact.

    A customer who would leave (probability p) takes the offer with probability `acceptance`, then stays, and is worth
    the customer's value less the offer. One who would have stayed (1 − p) takes the offer all the same. Everybody
    contacted costs the contact:

        profit = p · acceptance · (customer_value − offer_cost) − (1 − p) · offer_cost − contact_cost
        cost   = (p · acceptance + 1 − p) · offer_cost + contact_cost

    Whoever brings a profit is contacted. With a budget or a capacity the most profitable come first, of equals the one
    that comes first among the rows, for as long as the sum of their costs keeps to the budget and their number to the
    capacity. Rows that are left out are contacted in no case.

    Example:
        >>> example = Economics(customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3)
        >>> [round(profit, 4) for profit in plan_contacts(np.array([0.1503, 0.5]), example).profits]
        [-0.9299, 22.5]
    """
    p = np.asarray(probabilities)
    won = p * economics.acceptance * (economics.customer_value - economics.offer_cost)
    profits = won - (1.0 - p) * economics.offer_cost - economics.contact_cost
    costs = (p * economics.acceptance + (1.0 - p)) * economics.offer_cost + economics.contact_cost
    pays = profits > 0.0
    pays[list(left_out)] = False
    chosen = np.argsort(-profits, kind="stable")
    chosen = chosen[pays[chosen]][: economics.capacity]
    if economics.budget is not None:
        chosen = chosen[np.cumsum(costs[chosen]) <= economics.budget]
    contact = np.zeros(len(p), bool)
    contact[chosen] = True
    sums = float(costs[chosen].sum()), float(profits[chosen].sum())
    return ContactPlan(profits.tolist(), contact.tolist(), chosen.tolist(), *sums)
