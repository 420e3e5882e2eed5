"""How a job under way is shown: a live bar on a terminal, a few plain lines elsewhere."""

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ebb.answers import Epoch, Job
from ebb.sparkline import sparkline
from store.jobs.states import JobState

EPOCHS_BETWEEN_LINES = 10
CURVE_WIDTH = 6


class Display(Protocol):
    """What a job is shown on."""

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Show how far the job is."""


def display_on(console: Console) -> "BarDisplay | LineDisplay":
    """Choose the display that suits where the console writes to."""
    return BarDisplay(console) if console.is_terminal else LineDisplay(console)


def describe(epoch: Epoch) -> str:
    """Say an epoch in one line.

    Example:
        >>> describe(Epoch(7, 0.0031, 0.5, 0.52))
        'learning rate 0.0031, loss 0.5000 (validation 0.5200)'
    """
    return f"learning rate {epoch.learning_rate:.4f}, {describe_losses(epoch)}"


def describe_losses(epoch: Epoch) -> str:
    """Say an epoch's losses.

    Example:
        >>> describe_losses(Epoch(7, 0.0031, 0.5))
        'loss 0.5000 (validation -)'
    """
    training, validation = ("-" if loss is None else f"{loss:.4f}" for loss in (epoch.train_loss, epoch.valid_loss))
    return f"loss {training} (validation {validation})"


def losses_of(epochs: list[Epoch]) -> list[float]:
    """Return the curve to look at: the validation losses, or where there are none the training's."""
    valid = [epoch.valid_loss for epoch in epochs if epoch.valid_loss is not None]
    return valid or [epoch.train_loss for epoch in epochs if epoch.train_loss is not None]


def time_left(seconds: float | None) -> str:
    """Write a time left as minutes and seconds, or hours, minutes and seconds.

    Example:
        >>> time_left(65.0), time_left(7265.0), time_left(None)
        ('1:05', '2:01:05', '-:--')
    """
    if seconds is None:
        return "-:--"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


class BarDisplay(AbstractContextManager["BarDisplay"]):
    """A bar with the time left, the curve of losses and the last epoch's; it fits in 80 columns."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[unit]} {task.completed:>3.0f}/{task.total:.0f}"),
            BarColumn(bar_width=8),
            TextColumn("{task.fields[left]} {task.fields[curve]}"),
            TextColumn("{task.description}"),
            console=console,
        )
        self._task = self._progress.add_task("", total=1, unit="", left="", curve="", visible=False)

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
        progress = job.progress
        done = epochs[-1].epoch if epochs else progress.done if progress else 0
        planned = progress.total if progress and progress.total else 1
        self._progress.update(
            self._task,
            completed=done,
            total=(done or 1) if job.state == JobState.SUCCEEDED else max(planned, done),
            unit="epoch" if progress is None or progress.unit == "epochs" else progress.unit,
            left=time_left(0.0 if job.finished else job.eta_s),
            curve=sparkline(losses_of(epochs), CURVE_WIDTH),
            description=_standing(job, epochs),
            visible=True,
        )


def _standing(job: Job, epochs: list[Epoch]) -> str:
    if job.state == JobState.QUEUED:
        return "waiting for a worker" if job.attempt == 0 else f"waiting for a worker after attempt {job.attempt}"
    if job.cancel_requested and not job.finished:
        return "cancelling"
    return describe(epochs[-1]).removeprefix("learning ") if epochs else job.state


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
        for epoch in epochs[self._shown :]:  # they are numbered from 1
            due = epoch.epoch == 1 or epoch.epoch % EPOCHS_BETWEEN_LINES == 0
            if epoch.epoch > self._shown and (due or (job.finished and epoch is epochs[-1])):
                self._console.print(f"epoch {epoch.epoch:>3}: {describe(epoch)}", highlight=False)
                self._shown = epoch.epoch
