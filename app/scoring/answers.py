"""Verdicts as one JSON document, or as a line each: a score, or what is wrong with the record."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.scoring.judge import Verdicts
from app.shapes.problems import Fault
from app.shapes.scores import Campaign, Chosen, Decision, Score, Scored
from app.shapes.scores import Reason as ReasonTold
from model.estimator import Reason
from store.registry.targets import Target

_encoder = msgspec.json.Encoder()


def write_json(verdicts: Verdicts, target: Target, alias: str | None) -> bytes:
    """Write one document: the scores, and what they come to."""
    answer = Scored(
        model=target.model,
        version=target.version,
        alias=alias,
        scores=_scores(verdicts),
        errors=len(verdicts.wrong),
        unseen=verdicts.unseen,
        imputed=verdicts.imputed,
        campaign=_campaign(verdicts),
    )
    return _encoder.encode(answer)


def write_ndjson(verdicts: Verdicts) -> bytes:
    """Write a line for each customer."""
    return _encoder.encode_lines(_scores(verdicts))


def _campaign(verdicts: Verdicts) -> Campaign | UnsetType:
    plan, economics = verdicts.plan, verdicts.economics
    if plan is None or economics is None:
        return UNSET
    chosen = [Chosen(row, verdicts.ids[row]) for row in plan.chosen] if economics.limited else UNSET
    return Campaign(economics.threshold, len(plan.chosen), plan.expected_cost, plan.expected_profit, chosen)


def _scores(verdicts: Verdicts) -> list[Score]:
    more: list[Iterator[Any]] = []
    if verdicts.explained is not None:
        more += [map(_told, verdicts.explained.reasons), iter(verdicts.explained.gaps)]
    elif verdicts.plan is not None:
        more += [repeat(UNSET), repeat(UNSET)]
    if verdicts.plan is not None:
        more.append(map(Decision, verdicts.plan.contact, verdicts.plan.profits))
    scores = list(map(Score, verdicts.ids, verdicts.probabilities, *more))
    for row, problem in verdicts.wrong.items():
        fault = Fault(problem.pointer, problem.code, problem.detail)
        scores[row] = Score(customer_id=verdicts.ids[row], error=fault)
    return scores


def _told(reasons: Sequence[Reason]) -> list[ReasonTold]:
    return [ReasonTold(*reason) for reason in reasons]
