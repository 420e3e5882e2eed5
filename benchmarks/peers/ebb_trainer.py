"""Ebb: the engine by its public interface, a spec and one report an epoch."""

from model.training.trainer import Trainer
from peers.case import Case, Weights
from peers.runner import Runner


class Ebb:
    """Trains all members side by side. The time includes the losses, norms and ratios of each epoch."""

    label = "Trainer"

    def __init__(self, case: Case) -> None:
        self._case = case

    def set_up(self) -> None:
        self._trainer = Trainer(self._case.spec, self._case.design)

    def train(self) -> None:
        for _ in self._trainer.epochs():
            pass

    def weights(self) -> list[Weights]:
        arrays = [a.reshape(-1, *a.shape[-2:]) for a in self._trainer.network().arrays().values()]
        return [[(a[k, :-1], a[k, -1]) for a in arrays] for k in range(self._case.members)]


def runners(case: Case) -> list[Runner]:
    return [Ebb(case)]
