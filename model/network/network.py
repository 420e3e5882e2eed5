"""A trained network: layers and their float64 parameters, both immutable."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from model.design import Floats
from model.errors import Problem, ShapeError, SpecError
from model.layers import Dense, Layer
from model.layers.embedding import Embedding
from model.layers.layer import Arrays
from model.layers.notation import layer_to_json, read_layer
from model.layers.pieces import Piece
from model.layers.sequence import arrays_of, numbered
from model.network.forward import Forward
from model.network.parameters import size_of, views
from model.network.stack import Stack
from model.parsing import Reader
from model.tape import Views

TILE, SMALL_TILE = 64, 16  # rows of every forward pass: see Forward
LARGE = 20_000  # parameters: more take small tiles, which score a single row faster and many rows as fast


class Network:
    """Layers with their parameters, in float64 and read-only. With members, the first axis of each array is theirs.

    A network keeps nothing of the rows that it scores. Threads may share it.
    """

    def __init__(self, stack: Stack, members: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._stack = stack
        self._lead = () if members == 1 else (members,)
        self._arrays: dict[str, Floats] = {}
        self._spare: list[Forward] = []
        for name, tensor in (*stack.tensors(), *stack.states()):
            shape = (*self._lead, *tensor.shape)
            if name not in arrays or arrays[name].shape != shape:
                raise ShapeError(f"the network needs an array {name!r} of shape {shape}")
            self._arrays[name] = np.array(arrays[name], np.float64)
            self._arrays[name].flags.writeable = False

    @classmethod
    def freeze(cls, stack: Stack, lead: tuple[int, ...], values: Floats, states: Floats) -> "Network":
        """Copy the flat buffers of a training into a network, and fold its layers for scoring."""
        arrays = views(values, stack.tensors()) | views(states, stack.states())
        folded, found = stack.fold(arrays)
        return cls(folded, lead[0] if lead else 1, found)

    @classmethod
    def from_arrays(cls, layers_json: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> "Network":
        """Build a network from its `layers_json` and `arrays()`.

        Raises: SpecError or ShapeError when they do not describe a network.
        """
        reader = Reader()
        layers = tuple(read_layer(reader, raw, f"/layers/{i}") for i, raw in enumerate(layers_json["layers"]))
        if reader.problems or not layers or not isinstance(layers[-1], Dense):
            raise SpecError(reader.problems or [Problem("/layers", "type", "must end with a dense layer")])
        stack = Stack(int(layers_json["inputs"]), layers)  # type: ignore[arg-type]  # no problems, so none is None
        return cls(stack, int(layers_json["members"]), arrays)

    @property
    def layers_json(self) -> dict[str, Any]:
        """The layers, the width of their input and the number of members, as JSON values."""
        layers = [layer_to_json(layer) for layer in self._stack.layers]
        return {"inputs": self._stack.inputs, "members": self.members, "layers": layers}

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in order."""
        return self._stack.layers

    @property
    def members(self) -> int:
        """The number of networks that are scored side by side and averaged."""
        return self._lead[0] if self._lead else 1

    @property
    def inputs(self) -> int:
        """The number of features of a row."""
        return self._stack.inputs

    @property
    def outputs(self) -> int:
        """The number of logits of a row."""
        return self._stack.outputs

    @property
    def size(self) -> int:
        """The number of parameters of a member."""
        return size_of(self._stack.tensors())

    def arrays(self) -> dict[str, Floats]:
        """Return parameters and running state by name; they are read-only."""
        return dict(self._arrays)

    def logits(self, X: Floats) -> Floats:
        """Return the mean of the members' logits for each row. A row's bits do not depend on its neighbours.

        Shapes: X (n, d) to (n,), or (n, c) with c > 1 logits.
        """
        forward = self._free(X)
        mean = self._mean(forward.logits(X)).mT
        self._give_back(forward)
        return np.ascontiguousarray(mean[:, 0] if self.outputs == 1 else mean)

    def member_logits(self, X: Floats) -> Floats:
        """Return the logits of each member.

        Shapes: X (n, d) to (K, n), or (K, n, c) with c > 1 logits.
        """
        every = self._forward(X).logits(X).mT.reshape(self.members, len(X), self.outputs)
        return np.ascontiguousarray(every[..., 0] if self.outputs == 1 else every)

    def slopes(self, X: Floats) -> tuple[Floats, Floats]:
        """Return z and ∂z/∂x of each row, averaged over the members, for a network with one logit.

        Shapes: X (n, d) to (n,) and (n, d).
        """
        if self.outputs != 1:
            raise ShapeError(f"a gradient needs one logit, and this network has {self.outputs}")
        forward = self._free(X)
        logits, slopes = forward.slopes(X)
        self._give_back(forward)
        return self._mean(logits)[0], self._mean(slopes)

    def activation_pattern(self, X: Floats) -> NDArray[np.bool_]:
        """Return which units of (leaky) ReLUs are above zero, for each row, member after member.

        Shapes: X (n, d) to (n, units).
        """
        forward = self._free(X)
        pattern = forward.activation_pattern(X)
        self._give_back(forward)
        return np.hstack(list(pattern)) if self._lead else pattern

    @cached_property
    def pieces(self) -> list[list[Piece]] | None:
        """The affine pieces of each member; None if a layer is not piecewise linear.

        Shapes: weight (h_in, h_out); bias (h_out,); slope (h_out,).
        """
        found = []
        for member in range(self.members):
            pieces = self._stack.pieces(self._of(member))
            if pieces is None:
                return None
            found.append(pieces)
        return found

    @cached_property
    def kinked(self) -> bool:
        """Whether the network has a unit whose slope jumps at zero: a (leaky) ReLU."""
        return any(layer.kinked for _, layer, _ in self._stack.walk())

    @cached_property
    def singles(self) -> "tuple[Network, ...]":
        """Each member as a separate network."""
        if not self._lead:
            return (self,)
        return tuple(Network(self._stack, 1, self._of(member)) for member in range(self.members))

    @cached_property
    def embedding(self) -> Embedding | None:
        """The first layer if it is an embedding, else None."""
        first = self._stack.layers[0]
        return first if isinstance(first, Embedding) else None

    @cached_property
    def after_embedding(self) -> "tuple[tuple[Arrays, Network], ...]":
        """For each member, the arrays of the first layer and a network of the layers after it."""
        first, *rest = self._stack.layers
        stack = Stack(first.width(self.inputs), tuple(rest))
        found = []
        for member in range(self.members):
            own, *after = (arrays_of(self._of(member), i) for i in range(len(self._stack.layers)))
            found.append((own, Network(stack, 1, numbered(after))))
        return tuple(found)

    def _of(self, member: int) -> dict[str, Floats]:
        return {name: array[member] if self._lead else array for name, array in self._arrays.items()}

    def _free(self, X: Floats) -> Forward:
        """Return a pass that no other thread uses. Passes are reused: recording one costs more than scoring a tile."""
        try:
            forward = self._spare.pop()
        except IndexError:
            return self._forward(X)
        self._check(X)
        return forward

    def _give_back(self, forward: Forward) -> None:
        forward.forget()
        self._spare.append(forward)

    def _forward(self, X: Floats) -> Forward:
        self._check(X)
        tensors = [(self._arrays[name], np.empty_like(self._arrays[name])) for name, _ in self._stack.tensors()]
        states = [self._arrays[name] for name, _ in self._stack.states()]
        tile = TILE if self.size * self.members <= LARGE else SMALL_TILE
        return Forward(self._stack, Views(self._lead, tensors, states), tile)

    def _check(self, X: Floats) -> None:
        if X.ndim != 2 or X.shape[1] != self.inputs:
            raise ShapeError(f"rows must have {self.inputs} features, not shape {X.shape}")

    def _mean(self, by_member: Floats) -> Floats:
        """Average over the members one by one: NumPy sums a single row in another order than several rows."""
        if not self._lead:
            return by_member
        total = by_member[0].copy()
        for each in by_member[1:]:
            total += each
        return np.asarray(total / self.members)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled."""
        raise TypeError("a Network is not pickled: use layers_json and arrays()")
