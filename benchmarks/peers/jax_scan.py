"""JAX: the whole training compiled as one function, lax.scan over batches inside lax.scan over epochs."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from peers.case import Case, Weights
from peers.runner import Runner

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def loss(parameters, X, y):
    a = X
    for i, (W, b) in enumerate(parameters):
        a = (jax.nn.relu(a) if i else a) @ W + b
    z = a[:, 0]
    return jnp.mean(jnp.logaddexp(0, z) - y * z)


def adam(rate, state, batch):
    parameters, m, v, t = state
    value, g = jax.value_and_grad(loss)(parameters, *batch)
    t = t + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
    first, second = rate / (1 - BETA1**t), 1 / (1 - BETA2**t)
    parameters = jax.tree.map(lambda p, m, v: p - first * m / (jnp.sqrt(v * second) + EPSILON), parameters, m, v)
    return (parameters, m, v, t), value


class Scan:
    """Trains all members at once by vmap. Compiling is not part of the time."""

    label = "jit + lax.scan"

    def __init__(self, case: Case) -> None:
        self._case, (X, y) = case, map(jnp.asarray, case.data)
        full = case.rows // case.batch_size * case.batch_size

        def step(state, batch):
            return adam(case.learning_rate, state, batch)

        def epoch(state, order):
            rows, labels = X[order], y[order]
            whole = rows[:full].reshape(-1, case.batch_size, case.features), labels[:full].reshape(-1, case.batch_size)
            state, values = lax.scan(step, state, whole)
            if full < case.rows:
                state, _ = step(state, (rows[full:], labels[full:]))
            return state, values.mean()

        def train(parameters, orders):
            zeros = jax.tree.map(jnp.zeros_like, parameters)
            return lax.scan(epoch, (parameters, zeros, zeros, jnp.float32(0)), orders)

        many = range(case.members)
        initial = [case.initial(k) for k in many]
        self._initial = jax.tree.map(lambda *a: jnp.asarray(np.stack(a)), *initial)
        self._orders = jnp.asarray(np.stack([case.orders(k) for k in many]), jnp.int32)
        if case.members == 1:
            self._initial, self._orders = jax.tree.map(lambda a: a[0], (self._initial, self._orders))
        self._train = jax.jit(train if case.members == 1 else jax.vmap(train))

    def set_up(self) -> None:
        self._result = None

    def train(self) -> None:
        self._result = jax.block_until_ready(self._train(self._initial, self._orders))

    def weights(self) -> list[Weights]:
        (parameters, *_), _ = self._result
        members = self._case.members
        arrays = [
            (np.asarray(W).reshape((members, *W.shape[-2:])), np.asarray(b).reshape(members, -1)) for W, b in parameters
        ]
        return [[(W[k], b[k]) for W, b in arrays] for k in range(members)]


def runners(case: Case) -> list[Runner]:
    return [Scan(case)]
