"""The leaderboard of a sweep as text and as a table."""

from collections.abc import Iterable, Mapping

import msgspec
from rich.table import Table

from ebb.answers import SweepStanding
from model.names import escaped
from model.sweep.standing import place

MOST_ROWS = 12


def updated(leaderboard: Iterable[SweepStanding], new: SweepStanding) -> list[SweepStanding]:
    """Return the leaderboard with a new standing in place of an earlier one, the best first."""
    others = [standing for standing in leaderboard if standing.configuration != new.configuration]
    return sorted([*others, new], key=lambda each: place(each.rung, each.loss, each.configuration))


def describe_standing(standing: SweepStanding) -> str:
    """Describe a standing in one line.

    Example:
        >>> describe_standing(SweepStanding(3, {"layers": [8]}, rung=1, epochs=9, loss=0.41, loss_error=0.01, auc=0.8))
        'configuration 3: loss 0.4100 ± 0.0100, AUC 0.800 after 9 epochs: layers [8]'
    """
    name = f"configuration {standing.configuration}"
    if standing.loss is None:
        return f"{name} failed: {standing.error}"
    figures = f"loss {_figure(standing)}, AUC {standing.auc or 0.0:.3f} after {standing.epochs} epochs"
    return f"{name}: {figures}: {describe_changes(standing.changes)}"


def describe_changes(changes: Mapping[str, object]) -> str:
    """Write the changes of a spec.

    Example:
        >>> describe_changes({"layers": [64, 32], "optimizer": {"learning_rate": 0.01}})
        'layers [64,32], optimizer {"learning_rate":0.01}'
    """
    return escaped(", ".join(f"{name} {msgspec.json.encode(value).decode()}" for name, value in changes.items()))


def leaderboard_table(leaderboard: list[SweepStanding]) -> Table:
    """Return a table of the best configurations."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", "configuration", "epochs", "loss", "AUC", "changes"):
        table.add_column(name, justify="left" if name == "changes" else "right", no_wrap=name != "changes")
    for rank, one in enumerate(leaderboard[:MOST_ROWS], 1):
        auc = "" if one.auc is None else f"{one.auc:.3f}"
        loss = "failed" if one.loss is None else _figure(one)
        table.add_row(str(rank), str(one.configuration), str(one.epochs), loss, auc, describe_changes(one.changes))
    if (more := len(leaderboard) - MOST_ROWS) > 0:
        table.add_row("", f"{more} more", "", "", "", "")
    return table


def _figure(standing: SweepStanding) -> str:
    error = "" if standing.loss_error is None else f" ± {standing.loss_error:.4f}"
    return f"{standing.loss:.4f}{error}"
