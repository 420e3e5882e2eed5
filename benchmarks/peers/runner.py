"""What the benchmark asks of everyone who trains."""

from typing import Protocol

from peers.case import Weights


class Runner(Protocol):
    """One way of training a case: `set_up` is not timed, `train` is."""

    label: str

    def set_up(self) -> None:
        """Go back to the initial weights."""

    def train(self) -> None:
        """Train all epochs."""

    def weights(self) -> list[Weights]:
        """The trained weights of each member this runner trains."""
