"""The charts of the report as inline SVG, with colours from the style of the page."""

import io
import math
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from html import escape

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ebb.answers import Epoch
from ebb.demo.evaluation import Evaluation, ReliabilityGroup

# Placeholders, which the light and the dark style of the page replace.
COLOURS = {"ink": "#000001", "muted": "#000002", "grid": "#000003", "ours": "#000004", "other": "#000005"}
INK, MUTED, GRID, OURS, OTHER = COLOURS.values()

SIZE = (4.6, 4.6)  # inches of 72 pixels: a phone shows a chart at about this size


def loss_chart(epochs: Sequence[Epoch], best_possible: float) -> str:
    """Draw training and validation loss by epoch, and the learning rate below."""
    with _style():
        figure = Figure(figsize=SIZE, layout="constrained")
        losses, rates = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        numbers = [epoch.epoch for epoch in epochs]
        # Lines also differ by dashes, for print and for readers who cannot distinguish the colours.
        losses.plot(
            numbers, [_or_gap(epoch.train_loss) for epoch in epochs], color=OTHER, linestyle="-.", label="training"
        )
        validated = [(epoch.epoch, epoch.valid_loss) for epoch in epochs if epoch.valid_loss is not None]
        if validated:
            losses.plot(*zip(*validated, strict=True), color=OURS, label="validation")
            best = min(validated, key=lambda point: point[1])
            losses.plot(*best, "o", color=OURS, label=f"best: epoch {best[0]}, {best[1]:.3f}")
        losses.axhline(best_possible, color=MUTED, linestyle="--", label="best possible")
        losses.set_ylabel("log loss (nats)")
        losses.legend()
        rates.plot(numbers, [epoch.learning_rate for epoch in epochs], color=INK)
        rates.set_ylim(bottom=0)
        rates.set_ylabel("learning rate")
        rates.set_xlabel("epoch")
        return _svg(figure, "loss", "Log loss and learning rate by epoch")


def reliability_chart(groups: Sequence[ReliabilityGroup]) -> str:
    """Draw the observed share of leavers against the predicted one, with 95 % intervals."""
    with _style():
        figure, axes = _square("predicted probability of leaving", "share that left")
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="perfectly calibrated")
        seen = [group.observed for group in groups]
        below = [group.observed - group.low for group in groups]
        above = [group.high - group.observed for group in groups]
        predicted = [group.predicted for group in groups]
        axes.errorbar(
            predicted,
            seen,
            yerr=[below, above],
            fmt="o",
            color=OURS,
            markersize=4,
            capsize=3,
            label="this version",
        )
        axes.legend(loc="upper left")
        return _svg(figure, "reliability", "Predicted probability against the share that left")


def roc_chart(evaluation: Evaluation) -> str:
    """Draw the version's ROC curve beside the best possible one."""
    with _style():
        figure, axes = _square("false positive rate", "true positive rate")
        best, ours = evaluation.best, evaluation.version
        axes.plot(*zip(*best.roc, strict=True), color=OTHER, linestyle="-.", label=f"best possible, AUC {best.auc:.3f}")
        axes.plot(*zip(*ours.roc, strict=True), color=OURS, label=f"this version, AUC {ours.auc:.3f}")
        axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="by chance, AUC 0.500")
        axes.legend(loc="lower right")
        return _svg(figure, "roc", "ROC curve of this version and the best possible one")


def _or_gap(loss: float | None) -> float:
    return math.nan if loss is None else loss


def _style() -> AbstractContextManager[None]:
    return mpl.rc_context(
        {
            "svg.fonttype": "none",  # text stays text, for screen readers and search
            "svg.hashsalt": "ebb",  # the same figures give the same bytes
            "font.family": "sans-serif",
            "font.size": 13.0,
            "legend.fontsize": 12.0,
            "text.color": INK,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": GRID,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "legend.frameon": False,
            "legend.labelcolor": INK,
            "figure.facecolor": "none",
        }
    )


def _square(across: str, up: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=across, ylabel=up)
    return figure, axes


def _svg(figure: Figure, name: str, title: str) -> str:
    """Write a figure as an SVG element; its ids do not collide with those of other figures."""
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))
    root = written.getvalue().decode()
    inside = root[root.index(">", root.index("<svg")) + 1 : root.rindex("</svg>")]
    inside = re.sub(r"<!--.*?-->\n?", "", inside, flags=re.DOTALL)
    for reference in ('id="', 'xlink:href="#', "url(#"):
        inside = inside.replace(reference, f"{reference}{name}-")
    inside = inside.replace("xlink:href", "href")
    for word, stand_in in COLOURS.items():
        inside = inside.replace(stand_in, f"var(--{word})")
    width, height = figure.get_size_inches() * 72
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{name}-title">'
        f'<title id="{name}-title">{escape(title)}</title>{inside}</svg>'
    )
