"""A graph of ONNX operators that is being built."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, ML_OPSET, IR_VERSION = 18, 3, 8
ML = "ai.onnx.ml"


class Graph:
    """Operators in order; a value is the name of an operator's output, of an input or of a constant."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, kind: int) -> str:
        """Add an input, shape (rows,)."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, ["rows"]))
        return name

    def output(self, name: str, value: str) -> None:
        """Make a value of shape (rows,) an output of this name."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.DOUBLE, ["rows"]))

    def constant(self, value: float | NDArray[Any]) -> str:
        """Return a constant; numbers are float64, and arrays of integers int64."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float64)
        name = f"constant {len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def __call__(self, operator: str, *inputs: str | float | NDArray[Any], domain: str = "", **attributes: Any) -> str:
        """Add an operator, and return its output. Numbers and arrays among the inputs become constants."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        output = f"value {len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, names, [output], domain=domain, **attributes))
        return output

    def model(self, producer: str, facts: dict[str, str]) -> Any:
        """Return the checked model with these facts as its metadata."""
        graph = helper.make_graph(self._nodes, "ebb", self._inputs, self._outputs, self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
        model = helper.make_model(graph, producer_name=producer, opset_imports=opsets, ir_version=IR_VERSION)
        helper.set_model_props(model, facts)
        onnx.checker.check_model(model, full_check=True)
        return model
