"""Networks with random parameters, as after a training."""

import numpy as np

from model.network.network import Network
from model.network.parameters import initialize
from model.network.stack import build_stack
from model.spec import parse_spec


def untrained(spec: dict[str, object], inputs: int, outputs: int = 1, scale: float = 1.0) -> Network:
    """Build a network of a spec with random biases and running averages."""
    parsed = parse_spec(spec)
    stack = build_stack(parsed, inputs, outputs)
    rng = np.random.default_rng(1)
    lead = (parsed.members,) if parsed.members > 1 else ()
    values = np.stack([initialize(stack, "auto", seed, np.float64) for seed in range(parsed.members)]).reshape(
        *lead, -1
    )
    values = values + scale * rng.uniform(0, 0.3, values.shape)
    states = rng.uniform(0.5, 1.5, (*lead, sum(t.shape[0] * t.shape[1] for _, t in stack.states())))
    return Network.freeze(stack, lead, values, states)
