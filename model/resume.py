"""Between a training under way and its checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.checkpoint import Checkpoint
from model.errors import CheckpointError
from model.parameters import Numbers
from model.progress import Progress
from model.random import read_state, write_state
from model.spec import Spec


def write_checkpoint(
    spec: Spec, numbers: Numbers, progress: Progress, streams: Sequence[np.random.PCG64]
) -> Checkpoint:
    """Copy everything that training changes."""
    header = {
        "spec": spec.to_json(),
        "epoch": progress.epoch,
        "streams": [write_state(bits) for bits in streams],
    }
    arrays = {
        "values": numbers.values,
        "moments": numbers.moments,
        "states": numbers.states,
        "best_values": progress.best_values,
        "best_states": progress.best_states,
        "best_loss": progress.best_loss,
        "best_epoch": progress.best_epoch,
        "stopped": progress.stopped,
    }
    return Checkpoint(header, {name: np.array(array) for name, array in arrays.items()})


def read_checkpoint(
    checkpoint: Checkpoint, spec: Spec, numbers: Numbers, progress: Progress, streams: Sequence[np.random.PCG64]
) -> None:
    """Set a training that has just been built to where the checkpoint saw it.

    Raises: CheckpointError when it is another training's.
    """
    header, arrays = checkpoint.header, checkpoint.arrays
    if header.get("spec") != spec.to_json():
        raise CheckpointError("the checkpoint is from a training with another spec: start afresh")
    places = {
        "values": numbers.values,
        "moments": numbers.moments,
        "states": numbers.states,
        "best_values": progress.best_values,
        "best_states": progress.best_states,
    }
    for name, place in places.items():
        if name not in arrays or arrays[name].shape != place.shape or arrays[name].dtype != place.dtype:
            raise CheckpointError(f"the checkpoint's {name} do not fit this data: start afresh")
        place[...] = arrays[name]
    progress.epoch = int(header["epoch"])
    progress.best_loss, progress.best_epoch = arrays["best_loss"].copy(), arrays["best_epoch"].copy()
    progress.stopped = arrays["stopped"].astype(np.bool_)
    for bits, state in zip(streams, header["streams"], strict=True):
        read_state(bits, state)
