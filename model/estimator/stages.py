"""Training in stages: one ensemble after the other on the same design, as one sequence of epochs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Design
from model.errors import CheckpointError
from model.network.network import Network
from model.spec import Spec
from model.storage import canonical_json, sha256
from model.training.checkpoint import Checkpoint
from model.training.report import EpochReport
from model.training.trainer import Trainer


class Stages:
    """The trainer of the current stage, and the networks of the stages before it.

    Epochs and steps count on from stage to stage. `done` has those of the last report, also of a resumed training.

    Raises: SpecError and CheckpointError, as `Trainer` does.
    """

    def __init__(self, specs: Sequence[Spec], design: Design, checkpoint: Checkpoint | None = None) -> None:
        self._specs, self._design = specs, design
        self._digest = sha256(canonical_json([spec.to_json() for spec in specs]).encode())
        self._before: list[Network] = []
        self._begun = {"epochs": 0, "steps": 0}  # at the begin of the current stage
        self.done = self._begun
        self._steps_before = 0  # in this process, of the stages before
        if checkpoint is not None:
            header = checkpoint.header.get("stages", {})
            if header.get("specs") != self._digest:
                raise CheckpointError("the checkpoint is from a training with another spec: start afresh")
            self._begun, self.done = dict(header["begun"]), dict(header["done"])
            self._before = [_network(each, i, checkpoint.arrays) for i, each in enumerate(header["before"])]
        self._trainer: Trainer | None = Trainer(specs[len(self._before)], design, checkpoint)

    @property
    def planned_epochs(self) -> int:
        """The epochs of the stages before, and the most epochs of all others."""
        return self._begun["epochs"] + sum(spec.epochs for spec in self._specs[len(self._before) :])

    @property
    def improving(self) -> bool:
        """Whether the last epoch of a training of one stage was its best."""
        return len(self._specs) == 1 and self._current.improving

    @property
    def steps_taken(self) -> int:
        """The number of steps in this process, including those of the current epoch."""
        trainer = self._trainer  # another thread asks, also between two stages
        return self._steps_before + (0 if trainer is None else trainer.steps_taken)

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch until the last stage ends.

        Raises: DivergedError.
        """
        while True:
            for report in self._current.epochs():
                epoch, steps = self._begun["epochs"] + report.epoch, self._begun["steps"] + report.steps
                self.done = {"epochs": epoch, "steps": steps}
                yield replace(report, epoch=epoch, epochs=self.planned_epochs, steps=steps, stage=len(self._before) + 1)
            if len(self._before) + 1 == len(self._specs):
                return
            self._before.append(self._current.network())
            self._begun = self.done
            self._steps_before = self.steps_taken
            self._trainer = None  # frees its memory before the next stage takes its own
            self._trainer = Trainer(self._specs[len(self._before)], self._design)

    def networks(self) -> list[Network]:
        """Return the network of each stage so far, with its best parameters."""
        return [*self._before, self._current.network()]

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report."""
        state, before = self._current.checkpoint(), [network.layers_json for network in self._before]
        header = {"specs": self._digest, "begun": self._begun, "done": self.done, "before": before}
        arrays: dict[str, NDArray[Any]] = dict(state.arrays)
        for i, network in enumerate(self._before):
            arrays |= {f"stage {i}.{name}": np.array(array) for name, array in network.arrays().items()}
        return Checkpoint({**state.header, "stages": header}, arrays)

    @property
    def _current(self) -> Trainer:
        assert self._trainer is not None  # noqa: S101 - it is None only between two stages
        return self._trainer


def _network(layers: Mapping[str, Any], stage: int, arrays: Mapping[str, NDArray[Any]]) -> Network:
    start = f"stage {stage}."
    return Network.from_arrays(layers, {k.removeprefix(start): a for k, a in arrays.items() if k.startswith(start)})
