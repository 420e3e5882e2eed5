"""The encoder in ONNX: from the columns of customers to the design matrix."""

import numpy as np
from onnx import TensorProto

from ebb.onnx_export.graph import ML, Graph
from model.columns import Column
from model.columns.boolean import BooleanColumn
from model.columns.categorical import CategoricalColumn
from model.columns.date import DateColumn
from model.columns.encoder import Encoder
from model.columns.numeric import FARTHEST, SOFT_LIMIT, NumericColumn
from model.errors import EstimatorError


def add_encoder(graph: Graph, encoder: Encoder) -> str:
    """Add an input for each column, of its name; return the design matrix, (n, d)."""
    features = [feature for column in encoder.columns for feature in _features(graph, column)]
    return graph("Concat", *features, axis=1)


def _features(graph: Graph, column: Column) -> list[str]:
    """Return the features of a column, each (n, width).

    Raises: EstimatorError when ONNX cannot express the column.
    """
    if isinstance(column, CategoricalColumn):
        return [_categories(graph, column, graph.input(column.name, TensorProto.STRING))]
    values = graph.input(column.name, TensorProto.DOUBLE)
    if isinstance(column, NumericColumn):
        return _number(graph, column, values)
    if isinstance(column, DateColumn):
        return _number(graph, column.days, values)
    if isinstance(column, BooleanColumn):
        missing = graph("IsNaN", values)
        filled = graph("Where", missing, float(column.fill), values)
        return [_as_feature(graph, each) for each in (filled, _flag(graph, missing))[: 1 + column.gaps]]
    raise EstimatorError(f"column {column.name!r} of kind {column.kind} cannot be exported to ONNX")


def _number(graph: Graph, column: NumericColumn, values: str) -> list[str]:
    """Scale and clip a number; add its normal score and whether it is missing, where the column has them."""
    missing = graph("IsNaN", values)
    filled = graph("Where", missing, column.fill, values)
    scaled = graph("Div", graph("Sub", filled, column.offset), column.scale)
    scaled = graph("Min", graph("Max", scaled, -FARTHEST), FARTHEST)
    if not column.fixed:
        bent = graph("Div", scaled, SOFT_LIMIT)
        scaled = graph("Div", scaled, graph("Sqrt", graph("Add", graph("Mul", bent, bent), 1.0)))
    found = [scaled]
    if column.knots:
        found.append(_interpolated(graph, filled, np.array(column.knots), np.array(column.scores)))
    if column.gaps:
        found.append(_flag(graph, missing))
    return [_as_feature(graph, each) for each in found]


def _interpolated(graph: Graph, values: str, knots: np.ndarray, scores: np.ndarray) -> str:
    """Return the scores between the knots: the first, and what each interval to the left of the value adds."""
    if len(knots) == 1:
        return graph("Add", graph("Mul", values, 0.0), float(scores[0]))
    widths = np.diff(knots)
    into = graph("Sub", _as_feature(graph, values), knots[None, :-1])
    into = graph("Min", graph("Max", into, 0.0), widths[None])
    added = graph("MatMul", into, (np.diff(scores) / widths)[:, None])
    return graph("Squeeze", graph("Add", added, float(scores[0])), np.array([1]))


def _categories(graph: Graph, column: CategoricalColumn, words: str) -> str:
    """Return a feature for each category, or the code of the category for an embedding. "" is a missing value."""
    missing = column.cardinality - 1 if column.gaps else 0
    codes = graph(
        "LabelEncoder",
        words,
        domain=ML,
        keys_strings=[*column.categories, ""],
        values_int64s=[*range(len(column.categories)), missing],
        default_int64=len(column.categories) if column.rare else 0,
    )
    if column.embedded:
        return _as_feature(graph, graph("Cast", codes, to=TensorProto.DOUBLE))
    return graph("Gather", np.eye(column.cardinality), codes, axis=0)


def _flag(graph: Graph, missing: str) -> str:
    return graph("Cast", missing, to=TensorProto.DOUBLE)


def _as_feature(graph: Graph, values: str) -> str:
    return graph("Unsqueeze", values, np.array([1]))
