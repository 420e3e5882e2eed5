"""Draws the pass of one customer through a network: every output of a layer and every δ as a cell, or as nodes.

Cells and nodes are filled by value, in one colour above zero and in another below, the more the farther from zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.model_card import layer_text
from app.pages.formats import number, significant
from model.glass_box import GlassBox
from model.layers import Activation, Dense
from model.layers.notation import layer_to_json
from model.network.layer_passes import LayerPass

WIDTH = 320
ACROSS = 16  # cells in a line
MOST_CELLS = 512
MOST_INPUTS, MOST_UNITS, MOST_LAYERS = 24, 12, 4  # of a network that is drawn node by node
LABELS, TOP, LINE = 118, 24, 17
NODES_HIGH = 180  # of a network of few nodes, whose lines are farther apart
FAINTEST = 0.06  # of the strongest connection of a layer: weaker ones are not drawn


class Cell(NamedTuple):
    """A value: where it is drawn, the series 2 above zero and 1 below, how strong from 0 to 1, and its text."""

    x: float
    y: float
    series: int
    strength: float
    text: str


@dataclass(frozen=True)
class LayerDrawing:
    """A layer: its name, a summary, its outputs and δ as cells, and the table of both."""

    title: str
    summary: str
    height: float
    outputs: Sequence[Cell]
    deltas: Sequence[Cell]
    rows: Sequence[Sequence[str]]


class Edge(NamedTuple):
    """A line from one node to another: which series, and how wide."""

    x1: float
    y1: float
    x2: float
    y2: float
    series: int
    width: float


@dataclass(frozen=True)
class NodeDrawing:
    """A small network of dense layers: connections, the output of each node, and its δ as a ring of the node."""

    height: float
    labels: Sequence[tuple[float, str]]
    heads: Sequence[tuple[float, str]]
    connections: Sequence[Edge]
    nodes: Sequence[Cell]
    rings: Sequence[Cell]


def layer_drawings(box: GlassBox) -> list[LayerDrawing]:
    """Draw every layer as cells."""
    return [_layer_drawing(each) for each in box.layers]


def _layer_drawing(each: LayerPass) -> LayerDrawing:
    outputs, deltas = each.output[0].tolist(), each.delta[0].tolist()
    zero, units = sum(value == 0.0 for value in outputs), len(outputs)
    drawn = min(units, MOST_CELLS)
    lines = -(-drawn // ACROSS)
    size = sum(map(abs, outputs)) / units, sum(map(abs, deltas)) / units
    return LayerDrawing(
        title=f"{each.path}: {layer_text(layer_to_json(each.layer))}",
        summary=f"{number(units)} {'output' if units == 1 else 'outputs'}, {zero} zero. Mean size of an output "
        f"{significant(size[0], 3)}, of a δ {significant(size[1], 3)}."
        + (f" The first {drawn} are drawn." if drawn < units else ""),
        height=lines * LINE,
        outputs=_cells(outputs[:drawn]),
        deltas=_cells(deltas[:drawn]),
        rows=[
            (str(i), significant(a), significant(d))
            for i, (a, d) in enumerate(zip(outputs, deltas, strict=True), start=1)
        ],
    )


def _cells(values: Sequence[float]) -> list[Cell]:
    each, most = WIDTH / ACROSS, _largest(values)
    return [
        Cell(
            i % ACROSS * each,
            i // ACROSS * LINE,
            2 if value >= 0 else 1,
            round(abs(value) / most, 3),
            significant(value),
        )
        for i, value in enumerate(values)
    ]


def node_drawing(box: GlassBox) -> NodeDrawing | None:
    """Draw a small network of dense layers node by node; None for any other network."""
    columns = _node_columns(box)
    if columns is None:
        return None
    names = list(box.features)
    weights = [box.arrays[f"{each.path}.weights"].tolist() for each in box.layers if isinstance(each.layer, Dense)]
    tallest = max(len(values) for _, values, _ in columns)
    line = max(LINE, min(2 * LINE, NODES_HIGH / tallest))
    height = TOP + tallest * line + 8
    step = (WIDTH - LABELS - 16) / (len(columns) - 1)
    places = [
        [
            (round(LABELS + i * step, 1), round(TOP + (tallest - len(values)) * line / 2 + (j + 0.5) * line, 1))
            for j in range(len(values))
        ]
        for i, (_, values, _) in enumerate(columns)
    ]
    nodes, rings, connections = [], [], []
    for i, (_, values, deltas) in enumerate(columns):
        nodes += _placed(values, places[i])
        rings += _placed(deltas, places[i])
        if i:
            connections += _edges(columns[i - 1][1], weights[i - 1], places[i - 1], places[i])
    return NodeDrawing(
        height=height,
        labels=[(y + 4, names[j]) for j, (_, y) in enumerate(places[0])],
        heads=[(LABELS + i * step, head) for i, (head, _, _) in enumerate(columns)],
        connections=connections,
        nodes=nodes,
        rings=rings,
    )


Column = tuple[str, list[float], list[float]]


def _node_columns(box: GlassBox) -> list[Column] | None:
    """Return heading, outputs and δ of each column of nodes: the inputs, and each dense layer with its activation."""
    if len(box.features) > MOST_INPUTS or not all(isinstance(each.layer, Dense | Activation) for each in box.layers):
        return None
    columns: list[Column] = [("x", list(box.features.values()), box.input_delta.tolist())]
    for each in box.layers:
        outputs = each.output[0].tolist()
        if isinstance(each.layer, Dense):
            columns.append((f"a{len(columns)}", outputs, each.delta[0].tolist()))
        else:
            columns[-1] = (columns[-1][0], outputs, columns[-1][2])
    columns[-1] = ("z", *columns[-1][1:])
    small = len(columns) <= MOST_LAYERS + 1 and all(len(values) <= MOST_UNITS for _, values, _ in columns[1:])
    return columns if small else None


def _placed(values: Sequence[float], places: Sequence[tuple[float, float]]) -> list[Cell]:
    most = _largest(values)
    return [
        Cell(x, y, 2 if value >= 0 else 1, round(abs(value) / most, 3), significant(value))
        for value, (x, y) in zip(values, places, strict=True)
    ]


def _edges(
    below: Sequence[float],
    weights: Sequence[Sequence[float]],
    starts: Sequence[tuple[float, float]],
    ends: Sequence[tuple[float, float]],
) -> list[Edge]:
    """Return a line for each product of an output with its weight that is not faint, the wider the larger it is."""
    products = [[a * w for w in row] for a, row in zip(below, weights, strict=False)]  # the bias is the last row
    most = _largest([product for row in products for product in row])
    return [
        Edge(*start, *end, 2 if product >= 0 else 1, round(0.5 + 3 * abs(product) / most, 2))
        for start, row in zip(starts, products, strict=True)
        for end, product in zip(ends, row, strict=True)
        if abs(product) > FAINTEST * most
    ]


def _largest(values: Sequence[float]) -> float:
    return max(map(abs, values), default=0.0) or 1.0
