"""The summary of a sweep: the winner, how far the runner-up is behind, and how far the winner's loss can be trusted."""

from typing import Any

import numpy as np

from model.sweep.leaderboard import Leaderboard
from model.sweep.standing import Standing, standard_error
from model.sweep.sweep_plan import SweepPlan


def summary(plan: SweepPlan, leaderboard: Leaderboard) -> dict[str, Any]:
    """Return the summary as JSON values, after the last rung."""
    winner, optimism = leaderboard.winner(), leaderboard.optimism()
    return {
        "configuration": winner.configuration,
        "changes": dict(winner.changes),
        "compared": len(plan.configurations),
        "folds": plan.spec.members,
        "loss": winner.loss,
        "loss_error": winner.loss_error,
        "auc": winner.auc,
        "auc_error": winner.auc_error,
        "optimism": optimism,
        "runner_up": _runner_up(winner, leaderboard.runner_up()),
        "note": (
            f"the loss is the lowest of {len(plan.configurations)} on the same rows, which makes it too low: by the "
            f"folds, expect about {optimism:.4f} more on other rows"
        ),
    }


def _runner_up(winner: Standing, second: Standing | None) -> dict[str, Any] | None:
    """Return the runner-up and its distance from the winner; the standard error is that of the folds' distances."""
    if second is None or second.loss is None or winner.loss is None:
        return None
    return {
        "configuration": second.configuration,
        "changes": dict(second.changes),
        "loss": second.loss,
        "behind": second.loss - winner.loss,
        "behind_error": standard_error(np.subtract(second.fold_losses, winner.fold_losses).tolist()),
    }
