"""The glass box's drawings have a cell for every output and every δ, and a node for every unit of a small network."""

import numpy as np
import pytest

from app.pages.network_drawing import layer_drawings, node_drawing
from model.estimator import Estimator
from model.glass_box import GlassBox, open_glass_box
from tests.pages.registry import QUICK, SPECS, train


def box_of(estimator: Estimator) -> GlassBox:
    values = {"months": 3.0, "monthly_charge": 80.0, "support_tickets": 4.0, "usage_hours": 10.0}
    cells, _ = estimator.read({name: [value] for name, value in values.items()}, 1)
    return open_glass_box(estimator, cells, True)


@pytest.fixture(scope="module")
def small() -> GlassBox:
    return box_of(train(SPECS[0]).estimator)


def test_every_output_and_delta_has_a_cell_and_a_row(small: GlassBox) -> None:
    drawings = layer_drawings(small)
    assert [drawing.title for drawing in drawings] == [
        "0: dense (units 6)",
        "1: relu",
        "2: dense (units 4)",
        "3: relu",
        "4: dense (units 1)",
    ]
    for each, drawing in zip(small.layers, drawings, strict=True):
        assert len(drawing.outputs) == len(drawing.deltas) == len(drawing.rows) == each.output.shape[1]
        strongest = int(np.abs(each.output[0]).argmax())
        assert drawing.outputs[strongest].strength == 1.0
        assert [cell.series for cell in drawing.outputs] == [2 if value >= 0 else 1 for value in each.output[0]]


def test_a_small_network_is_drawn_node_by_node(small: GlassBox) -> None:
    drawing = node_drawing(small)
    assert drawing is not None
    assert len(drawing.nodes) == len(drawing.rings) == 4 + 6 + 4 + 1
    assert [label for _, label in drawing.labels] == list(small.features)
    assert [head for _, head in drawing.heads] == ["x", "a1", "a2", "z"]
    places = {(node.x, node.y) for node in drawing.nodes}
    assert all({(line.x1, line.y1), (line.x2, line.y2)} <= places for line in drawing.connections)


def test_the_widest_line_is_the_largest_product(small: GlassBox) -> None:
    products = small.layers[3].output[0] * small.arrays["4.weights"][:-1, 0]
    drawing = node_drawing(small)
    assert drawing is not None
    last = [line for line in drawing.connections if line.x2 == drawing.nodes[-1].x]
    assert max(line.width for line in last) == 3.5
    assert len(last) == (np.abs(products) > 0.06 * np.abs(products).max()).sum()


@pytest.mark.parametrize("layers", [[40], [8, {"residual": [{"dense": 8}, {"silu": {}}]}]])
def test_a_larger_network_is_drawn_as_cells_only(layers: list[object]) -> None:
    box = box_of(train({**QUICK, "epochs": 1, "layers": layers}).estimator)
    assert node_drawing(box) is None
    assert len(layer_drawings(box)) == len(box.layers)
