"""Training in stages: one ensemble after the other on the same design, as one sequence of epochs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Design
from model.network.network import Network
from model.spec import Spec
from model.training.checkpoint import Checkpoint
from model.training.report import EpochReport
from model.training.trainer import Trainer


class Stages:
    """The trainer of the current stage, and the networks of the stages before it.

    Epochs and steps count on from stage to stage.

    Raises: SpecError and CheckpointError, as `Trainer` does.
    """

    def __init__(self, specs: Sequence[Spec], design: Design, checkpoint: Checkpoint | None = None) -> None:
        self._specs, self._design = specs, design
        self._before: list[Network] = []
        self._done = {"epochs": 0, "steps": 0}  # of the stages before
        self._steps_taken = 0
        if checkpoint is not None:
            header = checkpoint.header["stages"]
            self._done = dict(header["done"])
            self._before = [_network(each, i, checkpoint.arrays) for i, each in enumerate(header["before"])]
        self.trainer = Trainer(specs[len(self._before)], design, checkpoint)

    @property
    def planned_epochs(self) -> int:
        """The most epochs of all stages together."""
        return self._done["epochs"] + sum(spec.epochs for spec in self._specs[len(self._before) :])

    @property
    def improving(self) -> bool:
        """Whether the last epoch of a training of one stage was its best."""
        return len(self._specs) == 1 and self.trainer.improving

    @property
    def steps_taken(self) -> int:
        """The number of steps in this process, including those of the current epoch."""
        return self._steps_taken + self.trainer.steps_taken

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch until the last stage ends.

        Raises: DivergedError.
        """
        while True:
            done, last = self._done, dict(self._done)
            for report in self.trainer.epochs():
                last = {"epochs": done["epochs"] + report.epoch, "steps": done["steps"] + report.steps}
                yield replace(report, epoch=last["epochs"], epochs=self.planned_epochs, steps=last["steps"])
            if len(self._before) + 1 == len(self._specs):
                return
            self._before.append(self.trainer.network())
            self._done = last
            self._steps_taken += self.trainer.steps_taken
            self.trainer = Trainer(self._specs[len(self._before)], self._design)

    def networks(self) -> list[Network]:
        """Return the network of each stage so far, with its best parameters."""
        return [*self._before, self.trainer.network()]

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report."""
        state = self.trainer.checkpoint()
        header = {"done": self._done, "before": [network.layers_json for network in self._before]}
        arrays: dict[str, NDArray[Any]] = dict(state.arrays)
        for i, network in enumerate(self._before):
            arrays |= {f"stage {i}.{name}": np.array(array) for name, array in network.arrays().items()}
        return Checkpoint({**state.header, "stages": header}, arrays)


def _network(layers: Mapping[str, Any], stage: int, arrays: Mapping[str, NDArray[Any]]) -> Network:
    start = f"stage {stage}."
    return Network.from_arrays(layers, {k.removeprefix(start): a for k, a in arrays.items() if k.startswith(start)})
