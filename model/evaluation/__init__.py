"""The evaluation of a version: from the outcomes and log-odds of rows that it did not train on to one report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.blas import one_thread
from model.columns import Table
from model.design import Floats
from model.evaluation.full_report import LOGISTIC_REGRESSION, OtherModel, evaluate
from model.evaluation.logistic_baseline import held_out_log_odds
from model.evaluation.periods import by_period, random_split_effect
from model.evaluation.quality_warnings import quality_warnings
from model.split import Split


@dataclass(frozen=True, eq=False)
class TrainingFacts:
    """The columns of all rows of a training, their split, the seed, and whether the last epoch was the best."""

    columns: Table
    split: Split
    seed: int = 0
    improving: bool = False


def evaluate_training(y: Floats, held: Floats, facts: TrainingFacts) -> dict[str, Any] | None:
    """Return the report of a training on its validation rows, with warnings; None where they have one outcome.

    Shapes: y (n,); held (validation rows,), their cross-fitted calibrated log-odds.
    """
    columns, split = facts.columns, facts.split
    outcomes = y[split.valid]
    if len(outcomes) == 0 or outcomes.min() == outcomes.max():
        return None
    rows = columns if len(split.valid) == columns.rows else columns.take(split.valid)
    others = {}
    with one_thread():
        baseline = held_out_log_odds(columns, y, split, facts.seed)
        if baseline is not None:
            others[LOGISTIC_REGRESSION] = OtherModel(baseline.log_odds, {"fitted_rows": baseline.fitted_rows})
        report = evaluate(outcomes, held, rows, others=others, seed=facts.seed)
        if split.time is not None:
            logits = None if baseline is None else baseline.log_odds
            report["periods"] = by_period(outcomes, held, logits, split.time.take(split.valid))
            report["split_effect"] = random_split_effect(columns, y, split, facts.seed)
    found = quality_warnings(report, outcomes, rows.columns, improving=facts.improving)
    how = "folds" if split.folds is not None else "rows" if split.time is None else "latest"
    return {"held_out": how, **report, "warnings": [warning.to_json() for warning in found]}


def warnings_of(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the warnings of the evaluation in a version's metrics; empty for a version without one."""
    return list((metrics.get("evaluation") or {}).get("warnings", []))


__all__ = ["TrainingFacts", "evaluate_training", "warnings_of"]
