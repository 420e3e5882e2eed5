"""The schedules by name."""

from model.schedules.constant import Constant
from model.schedules.cosine import Cosine
from model.schedules.one_cycle import OneCycle
from model.schedules.plateau import Plateau
from model.schedules.schedule import Horizon, Schedule
from model.schedules.step import Step

CATALOG: dict[str, type[Schedule]] = {
    "constant": Constant,
    "cosine": Cosine,
    "one_cycle": OneCycle,
    "plateau": Plateau,
    "step": Step,
}

__all__ = ["CATALOG", "Horizon", "Schedule"]
