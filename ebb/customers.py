"""Synthetic customers of a streaming service with a known churn probability.

So the best possible AUC on these customers is known too.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.design import Floats, Integers

PLANS = np.array([9.99, 19.99, 29.99, 49.99, 79.99, 109.99, 159.99])
PLAN_WEIGHTS = np.array([0.08, 0.15, 0.20, 0.22, 0.18, 0.11, 0.06])
SHARPNESS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
BIAS = (-0.995, -1.386, -1.945, -2.576, -3.254, -4.675)  # gives 27 % churners at each sharpness
DRAWS = 8  # uniform numbers per customer


class KnownCustomer(NamedTuple):
    """A customer whose outcome is given and not drawn."""

    months: int
    monthly_charge: float
    support_tickets: int
    usage_hours: float
    churned: bool


FIRST_CUSTOMERS = (
    KnownCustomer(24, 79.99, 2, 45.0, churned=False),
    KnownCustomer(3, 49.99, 5, 8.0, churned=True),
    KnownCustomer(36, 99.99, 1, 62.0, churned=False),
    KnownCustomer(1, 29.99, 0, 3.0, churned=True),
)


@dataclass(frozen=True)
class CustomerTable:
    """Customers column by column, with their true churn probability.

    Shapes: every array (n,).
    Units: monthly_charge in dollars; usage_hours in hours a month.
    """

    customer_id: NDArray[np.str_]
    months: Integers
    monthly_charge: Floats
    support_tickets: Integers
    usage_hours: Floats
    churned: NDArray[np.bool_]
    probability: Floats

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.months)

    def columns(self) -> dict[str, list[str] | list[int] | list[float]]:
        """Return the ids and the inputs, without outcome and probability."""
        return {
            "customer_id": self.customer_id.tolist(),
            "months": self.months.tolist(),
            "monthly_charge": self.monthly_charge.tolist(),
            "support_tickets": self.support_tickets.tolist(),
            "usage_hours": self.usage_hours.tolist(),
        }

    def to_csv(self) -> str:
        """Write the training table, without the true probability.

        Example:
            >>> print(customers(4).to_csv(), end="")
            customer_id,months,monthly_charge,support_tickets,usage_hours,churned
            c-0001,24,79.99,2,45.0,no
            c-0002,3,49.99,5,8.0,yes
            c-0003,36,99.99,1,62.0,no
            c-0004,1,29.99,0,3.0,yes
        """
        columns = self.columns()
        outcome = ["yes" if churned else "no" for churned in self.churned.tolist()]
        lines = [",".join([*columns, "churned"])]
        lines += [",".join(map(str, row)) for row in zip(*columns.values(), outcome, strict=True)]
        return "\n".join(lines) + "\n"

    def write_csv(self, path: Path) -> None:
        """Write the training table to a file, with equal bytes on every platform."""
        path.write_bytes(self.to_csv().encode("ascii"))


def customers(
    n: int, seed: int = 0, sharpness: float = 1.0, *, known: Sequence[KnownCustomer] = FIRST_CUSTOMERS
) -> CustomerTable:
    """Draw `n` customers; the first ones are the known ones.

    With the same seed, a shorter table is the beginning of a longer one.

    Units: sharpness 0 makes churn a lottery; 1 leaves the best possible AUC at 0.842, 1.3 at 0.887.
    Raises: ValueError if `n` is negative or the sharpness outside 0 to 3.
    """
    if n < 0:
        raise ValueError(f"a table has 0 customers or more, not {n}")
    if not SHARPNESS[0] <= sharpness <= SHARPNESS[-1]:
        raise ValueError(f"the sharpness goes from {SHARPNESS[0]} to {SHARPNESS[-1]}, not {sharpness}")
    u = _uniform(n, seed)
    engagement, charge_noise = _normal_pair(u[0], u[1])  # engagement stays hidden from every model
    usage_noise, _ = _normal_pair(u[2], u[3])
    months = _months(u[4])
    charge = _monthly_charge(u[5], charge_noise)
    usage = _usage_hours(engagement, charge, usage_noise)
    tickets = _support_tickets(u[6], engagement, months, charge)
    for row, given in enumerate(known[:n]):
        months[row], charge[row], tickets[row], usage[row], _ = given
    probability = true_probability(months, charge, tickets, usage, sharpness)
    churned = u[7] < probability
    for row, given in enumerate(known[:n]):
        churned[row] = given.churned
    identifiers = np.array([f"c-{i:04d}" for i in range(1, n + 1)], dtype=np.str_)
    return CustomerTable(identifiers, months, charge, tickets, usage, churned, probability)


def true_probability(
    months: Integers, charge: Floats, tickets: Integers, usage: Floats, sharpness: float = 1.0
) -> Floats:
    """Return the true churn probability of each customer.

    The terms in order: early hazard, the renewal after a year, loyalty, tickets (faster than linear), poor value,
    usage, and early trouble.

    Shapes: all (n,).
    """
    value = np.log((charge + 5) / (usage + 5))
    z = (
        1.5 * np.exp(-months / 8)
        + 0.7 * np.exp(-(((months - 12.5) / 1.5) ** 2))
        - 0.012 * months
        + 0.30 * np.minimum(tickets, 4)
        + 0.55 * np.maximum(tickets - 4, 0)
        + 0.95 * value
        - 1.1 * np.tanh((usage - 35) / 18)
        + 0.35 * ((tickets >= 3) & (months < 9))
    )
    return _sigmoid(sharpness * z + np.interp(sharpness, SHARPNESS, BIAS))


def _uniform(n: int, seed: int) -> Floats:
    """Draw DRAWS uniform numbers per customer, in [0, 1).

    They are made of raw bits, which NumPy keeps stable; its distributions may change.

    Shapes: (DRAWS, n).
    """
    bits = np.random.PCG64(seed).random_raw(n * DRAWS)
    uniform = (bits >> np.uint64(11)) * 2.0**-53
    return np.ascontiguousarray(uniform.reshape(n, DRAWS).T, dtype=np.float64)


def _normal_pair(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Convert uniform numbers into two standard normal ones.

    Source: Box and Muller (1958), A note on the generation of random normal deviates.
    """
    radius = np.sqrt(-2 * np.log1p(-u))
    return radius * np.cos(2 * math.pi * v), radius * np.sin(2 * math.pi * v)


def _months(u: Floats) -> Integers:
    """Months as a customer: 1 + ⌊60 · Beta(0.9, 1.5)⌋, by inversion of the summed density."""
    t = (np.arange(60 * 200) + 0.5) / (60 * 200)
    weights = (t**-0.1 * (1 - t) ** 0.5).reshape(60, 200).sum(axis=1)
    return 1 + _pick(weights, u)


def _monthly_charge(u: Floats, noise: Floats) -> Floats:
    charge = PLANS[_pick(PLAN_WEIGHTS, u)] * np.exp(0.12 * noise)
    whole = np.clip(np.round(charge + 0.01), 10, 160)
    return np.asarray(np.round(whole - 0.01, 2), dtype=np.float64)


def _usage_hours(engagement: Floats, charge: Floats, noise: Floats) -> Floats:
    z = -0.35 + 0.95 * engagement + 0.25 * np.log(charge / 50) + 0.45 * noise
    return np.asarray(np.round(100 * _sigmoid(z), 1), dtype=np.float64)


def _support_tickets(u: Floats, engagement: Floats, months: Integers, charge: Floats) -> Integers:
    """Tickets: Poisson, at most 10, by inversion: the tickets are the cumulative terms that `u` exceeds."""
    rate = np.exp(0.25 - 0.25 * engagement + 0.45 * (months < 6) + 0.15 * (charge > 100))
    tickets = np.zeros(len(u), dtype=np.int64)
    term = np.exp(-rate)
    cumulative = term.copy()
    for k in range(1, 11):
        tickets += u >= cumulative
        term *= rate / k
        cumulative += term
    return tickets


def _pick(weights: Floats, u: Floats) -> Integers:
    """Draw an index for each uniform number, in proportion to the weights."""
    cumulative = np.cumsum(weights / weights.sum())
    return np.searchsorted(cumulative[:-1], u, side="right").astype(np.int64)


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(z / 2)), dtype=np.float64)
