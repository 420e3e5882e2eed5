"""A recorded pass over one batch, for tests."""

import numpy as np

from model.layers import Layer
from model.losses import Loss
from model.network.parameters import Buffers, views
from model.network.stack import Stack
from model.tape import Arena, Memory, Tape
from model.training.masks import Masks
from model.training.plan import EpochPlan

Array = np.ndarray


class Pass:
    """The forward and backward pass of a network in float64, over a fixed batch."""

    def __init__(self, stack: Stack, loss: Loss, X: Array, y: Array, members: int = 1) -> None:
        self.lead = () if members == 1 else (members,)
        rows = len(X)
        self.stack, self.loss = stack, loss
        self.buffers = Buffers(stack, self.lead, 0, np.float64)
        self.masks = Masks(range(members), EpochPlan(1, rows, 0, 1, 1, 1), self.lead, np.float64)
        self.rows = np.hstack([X, np.ones((rows, 1))])
        inputs = self.rows.mT
        self.inputs = np.broadcast_to(inputs, (*self.lead, *inputs.shape))
        self.logits = np.zeros((*self.lead, stack.outputs, rows))
        target = loss.targets(y, stack.outputs)
        self.target = np.broadcast_to(target, (*self.lead, *target.shape))
        self.weight = np.full((*self.lead, 1, rows), loss.factor / rows)
        memory = Memory(np.float64)
        tape, arena = Tape(memory), Arena(memory, self.buffers.views, rows, self.masks.for_batch(0))
        arena.keep(self.inputs)
        backward = stack.record(tape, arena, self.inputs, self.logits)
        self.input_gradient = backward(loss.record(tape, arena, self.logits, self.target, self.weight))
        self.calls = tape.calls

    def run(self) -> Array:
        """Run all calls; return the mean loss of each member."""
        for call in self.calls:
            call()
        return self.loss.values(self.logits, self.target).mean(-1)

    def parameters(self) -> dict[str, Array]:
        return views(self.buffers.values, self.stack.tensors())

    def gradients(self) -> dict[str, Array]:
        return views(self.buffers.gradients[0], self.stack.tensors())

    def states(self) -> dict[str, Array]:
        return views(self.buffers.states, self.stack.states())

    def randomize(self, rng: np.random.Generator, scale: float = 0.7) -> None:
        self.buffers.values[...] = scale * rng.standard_normal(self.buffers.values.shape)


def network(*layers: Layer, inputs: int) -> Stack:
    return Stack(inputs, tuple(layers))
