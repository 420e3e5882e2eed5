"""The interface of a library that trains."""

from typing import Protocol

from peers.case import Weights


class Runner(Protocol):
    """One way of training a case. `train` is timed, `set_up` is not."""

    label: str

    def set_up(self) -> None:
        """Restore the initial weights."""

    def train(self) -> None:
        """Train all epochs."""

    def weights(self) -> list[Weights]:
        """The trained weights of each member."""
