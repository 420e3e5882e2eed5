"""Draws SVG pictures with colours for light and dark mode."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# colour while drawing → (light, dark); red is the problem
COLOURS = {
    "#000001": ("#1c2733", "#e4e9ee"),
    "#000002": ("#66727f", "#98a4b0"),
    "#000003": ("#dfe4e9", "#2d3742"),
    "#000004": ("#d1242f", "#ff7b72"),
    "#000005": ("#0b6bcb", "#6cb2ff"),
    "#000006": ("#b35900", "#f0a050"),
    "#000007": ("#1a7f4b", "#56d08a"),
    "#000008": ("#8250df", "#c4a0ff"),
    "#000009": ("#0e7c86", "#4fd1d9"),
    "#00000a": ("#ffffff", "#12171d"),
}
INK, MUTED, GRID, TROUBLE, BLUE, ORANGE, GREEN, PURPLE, TEAL, PAPER = COLOURS


@dataclass(frozen=True)
class Look:
    """The style of a training, the same in every panel. Lines differ in more than their colour."""

    label: str
    colour: str
    dashes: str = "-"
    marker: str = ""

    def draw(self, axes: Axes, across: list[float] | range, up: list[float], width: float = 1.7) -> None:
        """Draw one line."""
        every = max(1, len(up) // 9)
        drawn = {"color": self.colour, "linestyle": self.dashes, "marker": self.marker, "label": self.label}
        axes.plot(across, up, **drawn, markevery=every, markersize=5, linewidth=width)

    def end(self, axes: Axes, across: float, up: float) -> None:
        """Mark where a training diverged."""
        axes.plot([across], [up], "X", color=self.colour, markersize=10, clip_on=False, zorder=5)


@contextmanager
def picture(
    path: Path, title: str, panels: int, height: float = 4.3, rows: int = 1
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Yield empty panels side by side, then write them to an SVG file."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.9 * max(panels, 2.4), height), layout="constrained")
        axes = list(figure.subplots(rows, panels, squeeze=False).flat)
        yield figure, axes
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(themed(figure, title), encoding="utf-8")


def legend(figure: Figure, axes: Axes, columns: int) -> None:
    """Put the legend of a panel below all panels."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns, handlelength=2.8)


STYLE = {
    "svg.fonttype": "none",  # keeps text as text
    "svg.hashsalt": "ebb",  # equal figures give equal bytes
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
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
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


def themed(figure: Figure, title: str) -> str:
    """Write a figure as SVG whose colours follow the reader's light or dark mode."""
    written = io.BytesIO()
    figure.savefig(written, format="svg", metadata=dict.fromkeys(["Creator", "Date", "Format", "Type"]))
    text = written.getvalue().decode()
    text = re.sub(r"<!--.*?-->\n?|<metadata>.*?</metadata>\n?", "", text, flags=re.DOTALL)
    text = re.sub(r' d="[^"]*"', lambda found: " " + " ".join(shorter(found.group()).split()), text)
    names = {stand_in: f"--c{number}" for number, stand_in in enumerate(COLOURS)}
    light, dark = (";".join(f"{names[each]}:{COLOURS[each][i]}" for each in COLOURS) for i in range(2))
    for stand_in, name in names.items():
        text = text.replace(stand_in, f"var({name})")
    style = f"<style>:root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}</style>"
    style += "<style>text{font-family:system-ui,sans-serif!important}</style>"
    start = text.index(">", text.index("<svg")) + 1
    return "\n".join(line.rstrip() for line in _join(text, start, style, title).splitlines()) + "\n"


def shorter(path: str) -> str:
    """Round a path to hundredths of a point.

    >>> shorter('d="M 45.123456 3.5"')
    'd="M 45.12 3.5"'
    """
    return re.sub(r"(\.\d\d)\d+", r"\1", path)


def _join(text: str, start: int, style: str, title: str) -> str:
    return f"{text[:start]}\n<title>{escape(title)}</title>{style}{text[start:]}"
