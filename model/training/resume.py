"""Writes the state of a training to a checkpoint, and reads it back."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.design import Design
from model.errors import CheckpointError
from model.network.parameters import Buffers
from model.random import read_state, write_state
from model.spec import Spec
from model.training.checkpoint import Checkpoint
from model.training.progress import TrainingProgress


class Resumable:
    """The state of a training: everything that changes between epochs."""

    def __init__(
        self,
        spec: Spec,
        design: Design,
        buffers: Buffers,
        progress: TrainingProgress,
        streams: Sequence[np.random.PCG64],
    ) -> None:
        self._spec, self._rows = spec.to_json(), rows_digest(design)
        self._buffers, self._progress, self._streams = buffers, progress, streams

    def _arrays(self) -> dict[str, NDArray[Any]]:
        buffers, progress = self._buffers, self._progress
        arrays = {
            "values": buffers.values,
            "moments": buffers.moments,
            "states": buffers.states,
            "best_loss": progress.best_loss,
            "best_epoch": progress.best_epoch,
            "stopped": progress.stopped,
            "schedule": progress.schedule,
        }
        if progress.best_values is not buffers.values:
            arrays |= {"best_values": progress.best_values, "best_states": progress.best_states}
        return arrays

    def write(self) -> Checkpoint:
        """Return a copy of the state."""
        header = {
            "spec": self._spec,
            "rows": self._rows,
            "epoch": self._progress.epoch,
            "retries": self._progress.retries,
            "streams": [write_state(bits) for bits in self._streams],
        }
        return Checkpoint(header, {name: np.array(array, ndmin=1) for name, array in self._arrays().items()})

    def read(self, checkpoint: Checkpoint) -> None:
        """Replace the state by that of a checkpoint.

        Raises: CheckpointError when the checkpoint belongs to another training.
        """
        header, arrays = checkpoint.header, checkpoint.arrays
        if header.get("spec") != self._spec:
            raise CheckpointError("the checkpoint is from a training with another spec: start afresh")
        if header.get("rows") != self._rows:
            raise CheckpointError("the checkpoint is from a training on other rows: start afresh")
        for name, place in self._arrays().items():
            whole = np.atleast_1d(place)
            if name not in arrays or arrays[name].shape != whole.shape or arrays[name].dtype != whole.dtype:
                raise CheckpointError(f"the checkpoint's {name} do not fit this training: start afresh")
            whole[...] = arrays[name]
        self._progress.epoch, self._progress.retries = int(header["epoch"]), int(header["retries"])
        for bits, state in zip(self._streams, header["streams"], strict=True):
            read_state(bits, state)


def rows_digest(design: Design) -> str:
    """Return a digest of the shape, split and labels of a design: a cheap test for equal designs."""
    digest = hashlib.sha256(repr(design.X.shape).encode())
    for array in (design.train_rows, design.valid_rows, design.y, *(() if design.folds is None else (design.folds,))):
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
