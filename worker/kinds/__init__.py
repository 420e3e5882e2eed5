"""The kinds of job, one a file: how each is prepared, done unit by unit, and ended."""

from worker.kinds.evaluation import EvaluationWork
from worker.kinds.replay import Replay
from worker.kinds.scoring import Scoring
from worker.kinds.sweep import SweepWork
from worker.kinds.training import Training
from worker.work import Work

KINDS: dict[str, type[Work]] = {
    "training": Training,
    "scoring": Scoring,
    "replay": Replay,
    "sweep": SweepWork,
    "evaluation": EvaluationWork,
}

__all__ = ["KINDS"]
