"""The states of paused trainings, within a limit of bytes, and their place in a sweep's checkpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from model.training.checkpoint import Checkpoint
from model.training.footprint import STATE_COPIES, SizeLimits

MOST_PAUSED_BYTES = 1 << 25
"""The most that a sweep keeps of paused trainings. A training whose state does not fit is trained again."""


class PausedStates:
    """The state of each paused configuration that may be trained on. Beyond the limit the worst are dropped."""

    def __init__(self, most_bytes: int = MOST_PAUSED_BYTES) -> None:
        self._most_bytes = most_bytes
        self._states: dict[int, Checkpoint] = {}

    def keep(self, configuration: int, state: Checkpoint) -> None:
        """Keep the state of a configuration."""
        self._states[configuration] = state

    def take(self, configuration: int) -> Checkpoint | None:
        """Return and forget the state of a configuration; None where it was dropped, or never kept."""
        return self._states.pop(configuration, None)

    def prune(self, wanted: Callable[[int], bool], order: Callable[[int], Any]) -> None:
        """Drop the states that are not wanted, and the last in this order while there are too many bytes."""
        kept = sorted(filter(wanted, self._states), key=order)
        while sum(_size(self._states[configuration]) for configuration in kept) > self._most_bytes:
            kept.pop()
        self._states = {configuration: self._states[configuration] for configuration in kept}

    def write(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return headers and arrays for a checkpoint; each array's name begins with its configuration."""
        return write_states({str(configuration): state for configuration, state in self._states.items()})

    def read(self, headers: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Replace the states by those that `write` returned."""
        self._states = {int(name): read_state(name, headers[name], arrays) for name in headers}


def limits_beside(most: SizeLimits, paused: int, state: int) -> SizeLimits:
    """Return the limits of a training beside so many paused ones, whose states have so many bytes each."""
    kept = min(MOST_PAUSED_BYTES, paused * state)
    return SizeLimits(
        None if most.memory is None else most.memory - STATE_COPIES * kept,
        None if most.state is None else most.state - MOST_PAUSED_BYTES,
    )


def write_states(states: Mapping[str, Checkpoint]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the headers of named states, and all of their arrays."""
    arrays = {f"{name}/{key}": array for name, state in states.items() for key, array in state.arrays.items()}
    return {name: state.header for name, state in states.items()}, arrays


def read_state(name: str, header: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Checkpoint:
    """Return a state from its header and the arrays of all states."""
    prefix = f"{name}/"
    return Checkpoint(header, {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)})


def _size(state: Checkpoint) -> int:
    return sum(array.nbytes for array in state.arrays.values())
