"""Words for reasons, for readers of the report."""

import math
from dataclasses import dataclass

from ebb.answers import ColumnContribution

PHRASES = {
    "months": "customer for {count} month{s}",
    "monthly_charge": "pays ${value:.2f} a month",
    "support_tickets": "{count} support ticket{s}",
    "usage_hours": "watches {value:g} h a month",
}


@dataclass(frozen=True)
class ReasonText:
    """A reason in words: the observed value, and its factor of the odds of leaving."""

    observed: str
    odds: str


def describe_reason(reason: ColumnContribution) -> ReasonText:
    """Describe a reason; its contribution to the log-odds becomes a factor of the odds.

    Example:
        >>> describe_reason(ColumnContribution("support_tickets", 7, 0.9))
        ReasonText(observed='7 support tickets', odds='2.5')
        >>> describe_reason(ColumnContribution("months", 1, -0.7))
        ReasonText(observed='customer for 1 month', odds='0.50')
    """
    odds = math.exp(reason.contribution)
    return ReasonText(_observed(reason), f"{odds:.1f}" if odds >= 1 else f"{odds:.2f}")


def raised_and_lowered(reasons: list[ColumnContribution]) -> tuple[list[ReasonText], list[ReasonText]]:
    """Describe the reasons that raise the risk and those that lower it, each the largest first."""
    ordered = sorted(reasons, key=lambda reason: -abs(reason.contribution))
    raised = [describe_reason(reason) for reason in ordered if reason.contribution >= 0]
    lowered = [describe_reason(reason) for reason in ordered if reason.contribution < 0]
    return raised, lowered


def _observed(reason: ColumnContribution) -> str:
    value = reason.value
    if value is None:
        return f"{reason.column} unknown"
    if isinstance(value, str):
        return f"{reason.column} is {value}"
    if reason.column not in PHRASES:
        return f"{reason.column} is {value:g}"
    return PHRASES[reason.column].format(value=value, count=f"{value:g}" if value else "no", s="s" * (value != 1))
