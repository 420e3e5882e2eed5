"""Displays of a running job: a progress bar on a terminal, a few lines elsewhere."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn

from ebb.answers import Epoch, Job, SweepStanding
from ebb.leaderboard import describe_standing, leaderboard_table
from ebb.sparkline import sparkline
from store.job_states import JobState

EPOCHS_BETWEEN_LINES = 10
CURVE_WIDTH = 6


class Display(Protocol):
    """A display of one job."""

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Show the progress of the job."""


def display_on(console: Console) -> "BarDisplay | LineDisplay":
    """Return a bar for a terminal, and lines for other outputs."""
    return BarDisplay(console) if console.is_terminal else LineDisplay(console)


def describe(epoch: Epoch) -> str:
    """Describe an epoch in one line.

    Example:
        >>> describe(Epoch(7, 0.0031, 0.5, 0.52))
        'learning rate 0.0031, loss 0.5000 (validation 0.5200)'
        >>> describe(Epoch(41, 0.01, 0.5, stage=2))
        'stage 2, learning rate 0.0100, loss 0.5000 (validation -)'
    """
    stage = f"stage {epoch.stage}, " if epoch.stage > 1 else ""
    return f"{stage}learning rate {epoch.learning_rate:.4f}, {describe_losses(epoch)}"


def describe_losses(epoch: Epoch) -> str:
    """Describe the losses of an epoch.

    Example:
        >>> describe_losses(Epoch(7, 0.0031, 0.5))
        'loss 0.5000 (validation -)'
    """
    training, validation = ("-" if loss is None else f"{loss:.4f}" for loss in (epoch.train_loss, epoch.valid_loss))
    return f"loss {training} (validation {validation})"


def losses_of(epochs: list[Epoch]) -> list[float]:
    """Return the validation losses, or the training losses if there are none."""
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


class BarAndTable(Progress):
    """A bar below the leaderboard of a sweep, if there is one."""

    leaderboard: list[SweepStanding] | None = None

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the leaderboard and the bar."""
        if self.leaderboard:
            yield leaderboard_table(self.leaderboard)
        yield self.make_tasks_table(self.tasks)


class BarDisplay(AbstractContextManager["BarDisplay"]):
    """A bar with the time left, the curve of the losses and the last losses; it fits into 80 columns."""

    def __init__(self, console: Console) -> None:
        self._progress = BarAndTable(
            TextColumn("{task.fields[unit]} {task.completed:>3.0f}/{task.total:.0f}"),
            BarColumn(bar_width=8),
            TextColumn("{task.fields[left]} {task.fields[curve]}"),
            TextColumn("{task.description}"),
            console=console,
        )
        self._task = self._progress.add_task("", total=1, unit="", left="", curve="", visible=False)

    def __enter__(self) -> Self:
        """Start the bar."""
        self._progress.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the bar, and leave its last state."""
        self._progress.stop()

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Draw the progress of the job; early stopping counts as complete."""
        progress = job.progress
        self._progress.leaderboard = job.leaderboard
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
    """Prints every tenth epoch and the last one, and every standing of a sweep, a line each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown = 0
        self._standings: set[tuple[int, int]] = set()

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: there is nothing to close."""

    def show(self, job: Job, epochs: list[Epoch]) -> None:
        """Print the epochs that are due, and the standings, that are not printed yet."""
        for one in sorted(job.leaderboard or (), key=lambda one: (one.rung, one.configuration)):
            if (one.rung, one.configuration) not in self._standings:
                self._standings.add((one.rung, one.configuration))
                self._console.print(f"rung {one.rung}, {describe_standing(one)}", highlight=False, markup=False)
        for epoch in epochs[self._shown :]:  # they are numbered from 1
            due = epoch.epoch == 1 or epoch.epoch % EPOCHS_BETWEEN_LINES == 0
            if epoch.epoch > self._shown and (due or (job.finished and epoch is epochs[-1])):
                self._console.print(f"epoch {epoch.epoch:>3}: {describe(epoch)}", highlight=False)
                self._shown = epoch.epoch
