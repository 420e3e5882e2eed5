"""Scores as one JSON document, or as NDJSON: for each record a score or an error."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.schemas.customer_scores import Campaign, Chosen, ColumnContribution, Decision, Score, Scored
from app.schemas.own_id import with_own_id
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
        id_column=results.id_name,
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
    chosen = _chosen(results, plan.chosen) if economics.limited else UNSET
    return Campaign(economics.threshold, len(plan.chosen), plan.expected_cost, plan.expected_profit, chosen)


def _chosen(results: ScoreResults, rows: Sequence[int]) -> list[Chosen]:
    own, ids = with_own_id(Chosen, results.id_name), results.ids
    return [Chosen(row, ids[row]) if own is None else own(ids[row], row, ids[row]) for row in rows]


def _scores(results: ScoreResults) -> list[Score]:
    more: list[Iterator[Any]] = []
    if results.explained is not None:
        more += [map(_contributions, results.explained.reasons), iter(results.explained.gaps)]
    elif results.plan is not None:
        more += [repeat(UNSET), repeat(UNSET)]
    if results.plan is not None:
        more.append(map(Decision, results.plan.contact, results.plan.profits))
    own = with_own_id(Score, results.id_name)
    shape: Any = own or Score
    ids = [results.ids] if own is None else [results.ids, results.ids]
    scores = list(map(shape, *ids, results.probabilities, *more))
    for row, problem in results.problems.items():
        scores[row] = shape(*(each[row] for each in ids), error=Fault.of(problem))
    return scores


def _contributions(reasons: Sequence[Reason]) -> list[ColumnContribution]:
    return [ColumnContribution(*reason) for reason in reasons]
