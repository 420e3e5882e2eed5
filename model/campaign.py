"""Plans whom to contact in a retention campaign, by expected profit, budget and capacity.

Source: Neslin, Gupta, Kamakura, Lu, Mason: Defection Detection, Journal of Marketing Research 43, 2006.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from model.design import Floats


@dataclass(frozen=True)
class Economics:
    """The costs and the value of a contact in a retention campaign, and the limits of the campaign.

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
        """Whether a limit may leave out customers who are worth a contact."""
        return self.budget is not None or self.capacity is not None

    @property
    def threshold(self) -> float | None:
        """The churn probability above which a contact is profitable; None if it never is.

        Example:
            >>> Economics(customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3).threshold
            0.16417910447761194
        """
        slope = self.acceptance * (self.customer_value - self.offer_cost) + self.offer_cost
        fixed = self.offer_cost + self.contact_cost
        return fixed / slope if fixed < slope else None


@dataclass(frozen=True)
class ContactPlan:
    """The expected profit of each customer, whom to contact, in which order, and the expected totals."""

    profits: Sequence[float]
    contact: Sequence[bool]
    chosen: Sequence[int]
    expected_cost: float
    expected_profit: float


def plan_contacts(
    probabilities: Floats | Sequence[float],
    economics: Economics,
    left_out: Collection[int] = (),
    values: Floats | None = None,
) -> ContactPlan:
    """Compute the expected profit of contacting each customer, and choose whom to contact.

    A customer who would leave (probability p) accepts the offer with probability `acceptance`. The customer then stays
    and is worth the customer value less the offer. A customer who would stay (1 − p) always accepts the offer. Each
    contact has a cost:

        profit = p · acceptance · (customer_value − offer_cost) − (1 − p) · offer_cost − contact_cost
        cost   = (p · acceptance + 1 − p) · offer_cost + contact_cost

    Customers with a positive profit are contacted, the most profitable first, ties in the order of the rows, while the
    sum of costs is within the budget and the number within the capacity. Rows in `left_out` are never contacted.
    `values` holds a customer value for each row, in place of the one of the economics; a row with NaN is not contacted.

    Example:
        >>> example = Economics(customer_value=200, offer_cost=10, contact_cost=1, acceptance=0.3)
        >>> [round(profit, 4) for profit in plan_contacts(np.array([0.1503, 0.5]), example).profits]
        [-0.9299, 22.5]
    """
    p = np.asarray(probabilities)
    profits = expected_profits(p, economics, values)
    costs = (p * economics.acceptance + (1.0 - p)) * economics.offer_cost + economics.contact_cost
    pays = profits > 0.0
    pays[list(left_out)] = False
    chosen = np.argsort(-profits, kind="stable")  # NaN last
    chosen = chosen[pays[chosen]][: economics.capacity]
    if economics.budget is not None:
        chosen = chosen[np.cumsum(costs[chosen]) <= economics.budget]
    contact = np.zeros(len(p), bool)
    contact[chosen] = True
    sums = float(costs[chosen].sum()), float(profits[chosen].sum())
    return ContactPlan(profits.tolist(), contact.tolist(), chosen.tolist(), *sums)


def expected_profits(p: Floats, economics: Economics, values: Floats | None = None) -> Floats:
    """Return the expected profit of contacting customers with these churn probabilities.

    With outcomes, 1 for a customer who left, it is the expected profit of having contacted this customer. `values` are
    as in `plan_contacts`.
    """
    worth = economics.customer_value if values is None else values
    won = p * economics.acceptance * (worth - economics.offer_cost)
    return np.asarray(won - (1.0 - p) * economics.offer_cost - economics.contact_cost)
