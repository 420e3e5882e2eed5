"""Scores as one JSON document, or as NDJSON: for each record a score or an error."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.schemas.customer_scores import Campaign, Chosen, ColumnContribution, Decision, Score, Scored
from app.schemas.problem_details import Fault
from app.scoring.score_customers import ScoreResults
from model.estimator import Reason
from store.registry.resolve import ResolvedVersion

_encoder = msgspec.json.Encoder()


def write_json(results: ScoreResults, version: ResolvedVersion, alias: str | None) -> bytes:
    """Write one document with the scores and their totals."""
    answer = Scored(
        model=version.model,
        version=version.version,
        alias=alias,
        scores=_scores(results),
        errors=len(results.problems),
        unseen=results.unseen,
        imputed=results.imputed,
        campaign=_campaign(results),
    )
    return _encoder.encode(answer)


def write_ndjson(results: ScoreResults) -> bytes:
    """Write a line for each customer."""
    return _encoder.encode_lines(_scores(results))


def _campaign(results: ScoreResults) -> Campaign | UnsetType:
    plan, economics = results.plan, results.economics
    if plan is None or economics is None:
        return UNSET
    chosen = [Chosen(row, results.ids[row]) for row in plan.chosen] if economics.limited else UNSET
    return Campaign(economics.threshold, len(plan.chosen), plan.expected_cost, plan.expected_profit, chosen)


def _scores(results: ScoreResults) -> list[Score]:
    more: list[Iterator[Any]] = []
    if results.explained is not None:
        more += [map(_contributions, results.explained.reasons), iter(results.explained.gaps)]
    elif results.plan is not None:
        more += [repeat(UNSET), repeat(UNSET)]
    if results.plan is not None:
        more.append(map(Decision, results.plan.contact, results.plan.profits))
    scores = list(map(Score, results.ids, results.probabilities, *more))
    for row, problem in results.problems.items():
        scores[row] = Score(customer_id=results.ids[row], error=Fault.of(problem))
    return scores


def _contributions(reasons: Sequence[Reason]) -> list[ColumnContribution]:
    return [ColumnContribution(*reason) for reason in reasons]
