"""Reasons for readers of the report: sentences, and factors of the odds of leaving."""

import math
from dataclasses import dataclass

from ebb.answers import ColumnContribution


@dataclass(frozen=True)
class ReasonText:
    """A reason in words: the observed value, and its factor of the odds of leaving."""

    observed: str
    odds: str


def describe_reason(reason: ColumnContribution) -> ReasonText:
    """Describe a reason; its contribution to the log-odds becomes a factor of the odds.

    Example:
        >>> describe_reason(ColumnContribution("support_tickets", 7, 0.9, "support tickets: 7"))
        ReasonText(observed='support tickets: 7', odds='2.5')
        >>> describe_reason(ColumnContribution("months", 1, -0.7, "months with us: 1"))
        ReasonText(observed='months with us: 1', odds='0.50')
    """
    odds = math.exp(reason.contribution)
    return ReasonText(reason.text, f"{odds:.1f}" if odds >= 1 else f"{odds:.2f}")


def raised_and_lowered(reasons: list[ColumnContribution]) -> tuple[list[ReasonText], list[ReasonText]]:
    """Describe the reasons that raise the risk and those that lower it, each the largest first."""
    ordered = sorted(reasons, key=lambda reason: -abs(reason.contribution))
    raised = [describe_reason(reason) for reason in ordered if reason.contribution >= 0]
    lowered = [describe_reason(reason) for reason in ordered if reason.contribution < 0]
    return raised, lowered
