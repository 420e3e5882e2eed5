"""How a training's epochs are shown: a live bar on a terminal, a few plain lines elsewhere."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ebb.answers import Epoch, Job

EPOCHS_BETWEEN_LINES = 10


def display_on(console: Console) -> "BarDisplay | LineDisplay":
    """Choose the display that suits where the console writes to."""
    return BarDisplay(console) if console.is_terminal else LineDisplay(console)


def describe(epoch: Epoch) -> str:
    """Say an epoch in one line.

    Example:
        >>> describe(Epoch(7, 0.0031, 0.5, 0.52))
        'learning rate 0.0031, loss 0.5000 (validation 0.5200)'
    """
    training, validation = ("-" if loss is None else f"{loss:.4f}" for loss in (epoch.train_loss, epoch.valid_loss))
    return f"learning rate {epoch.learning_rate:.4f}, loss {training} (validation {validation})"


class BarDisplay(AbstractContextManager["BarDisplay"]):
    """A progress bar that counts epochs and names the last one's figures; it fits in 80 columns."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("epoch {task.completed:>3.0f}/{task.total:.0f}"),
            BarColumn(bar_width=10),
            TextColumn("{task.description}"),
            console=console,
        )
        self._task = self._progress.add_task("waiting for a worker", total=1)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it was last."""
        self._progress.stop()

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Draw how far the job is; one that stopped early is as far as it will go."""
        planned = job.progress.total if job.progress and job.progress.total else 1
        self._progress.update(
            self._task,
            completed=len(epochs),
            total=len(epochs) if job.state == "succeeded" else max(planned, len(epochs)),
            description=describe(epochs[-1]) if epochs else "waiting for a worker",
        )


class LineDisplay(AbstractContextManager["LineDisplay"]):
    """Every tenth epoch on a line of its own, and the last."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left open."""

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Print the epochs that are due and were not printed yet."""
        for epoch in epochs:
            due = epoch.epoch == 1 or epoch.epoch % EPOCHS_BETWEEN_LINES == 0
            if epoch.epoch > self._shown and (due or (job.finished and epoch is epochs[-1])):
                self._console.print(f"epoch {epoch.epoch:>3}: {describe(epoch)}", highlight=False)
                self._shown = epoch.epoch
