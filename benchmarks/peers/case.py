"""One case of the speed table: the same rows, initial weights and order of batches for all libraries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from ebb.customers import customers
from model.design import Design
from model.network.parameters import initialize, views
from model.network.stack import build_stack
from model.random import shuffle, stream
from model.spec import Spec, parse_spec
from model.training.trainer import ORDER

Weights: TypeAlias = list[tuple[np.ndarray, np.ndarray]]  # (W (h_in, h_out), b (h_out,)) a dense layer


@dataclass(frozen=True)
class Case:
    """A network with ReLUs, and rows to train it on.

    `bounds` are the goals: how many times faster than each peer.
    """

    title: str
    rows: int
    features: int
    layers: tuple[int, ...]
    batch_size: int
    epochs: int
    bounds: tuple[tuple[str, float], ...]
    rounds: int
    members: int = 1
    threads: int = 1
    learning_rate: float = 0.001

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """X (n, d) of float32 and labels y (n,)."""
        return home_customers(self.rows) if self.features == 4 else planted(self.rows, self.features)

    @property
    def raw_spec(self) -> dict[str, Any]:
        """Return the spec for Ebb as JSON values."""
        return {
            "layers": list(self.layers),
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "members": self.members,
            "optimizer": {"name": "adam", "learning_rate": self.learning_rate},
            "schedule": {"name": "constant"},
            "early_stopping": None,
        }

    @cached_property
    def spec(self) -> Spec:
        """Return the spec for Ebb."""
        return parse_spec(self.raw_spec)

    @cached_property
    def design(self) -> Design:
        """Return the design: all rows for training."""
        X, y = self.data
        return Design(X, y, None, np.arange(len(X)), np.arange(0))

    @property
    def steps(self) -> int:
        """The number of updates of a member."""
        return self.epochs * -(-self.rows // self.batch_size)

    def initial(self, member: int = 0) -> Weights:
        """Return the initial weights of a member, as drawn by Ebb."""
        stack = build_stack(self.spec, self.features, 1)
        flat = initialize(stack, "auto", self.spec.seed + member, np.float32)
        return [(a[:-1].copy(), a[-1].copy()) for a in views(flat, stack.tensors()).values()]

    def orders(self, member: int = 0) -> np.ndarray:
        """Return the order of rows in each epoch, as drawn by Ebb: (epochs, n)."""
        bits = stream(self.spec.seed + member, ORDER)
        return np.array([shuffle(bits, self.rows) for _ in range(self.epochs)])

    def loss(self, weights: Weights) -> float:
        """Return the mean cross-entropy over all rows, by a plain forward pass in float64."""
        X, y = self.data
        a = X.astype(np.float64)
        for i, (W, b) in enumerate(weights):
            a = (np.maximum(a, 0) if i else a) @ W.astype(np.float64) + b
        z = a[:, 0]
        return float(np.mean(np.logaddexp(0, z) - y * z))


def home_customers(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the customers of the home case, scaled as in its design."""
    table = customers(rows, 0)
    scales = {"months": 60, "monthly_charge": 160, "support_tickets": 10, "usage_hours": 100}
    found = table.columns()
    X = np.array([np.array(found[name], float) / scale for name, scale in scales.items()], np.float32).T
    return np.ascontiguousarray(X), np.array(table.churned, np.float32)


def planted(rows: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return normal features, and labels whose log-odds are a sum of nonlinear functions of them."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((rows, features), np.float32)
    directions = rng.standard_normal((features, 8), np.float32) / np.float32(np.sqrt(features))
    log_odds = np.tanh(2 * X @ directions) @ rng.standard_normal(8, np.float32) * 2
    return X, (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(np.float32)


CASES = {
    "home": Case(
        "4-8-4-1, 1,000 rows, batch 32, 100 epochs", 1_000, 4, (8, 4), 32, 100,
        (("scikit-learn", 15), ("PyTorch", 18), ("JAX", 1 / 1.2)), 9,
    ),
    "members": Case(
        "the same, 128 members, per member", 1_000, 4, (8, 4), 32, 100,
        (("scikit-learn", 60), ("PyTorch", 80), ("JAX", 1)), 7, members=128,
    ),
    "medium": Case(
        "64-32-1, 100,000 × 20, batch 256", 100_000, 20, (64, 32), 256, 3,
        (("scikit-learn", 5), ("PyTorch", 4), ("JAX", 1 / 1.2)), 9,
    ),
    "wide": Case(
        "512-256-1, 100,000 × 100, batch 1024, 2 threads", 100_000, 100, (512, 256), 1024, 1,
        (("scikit-learn", 2.5), ("PyTorch", 2.5), ("JAX", 1 / 1.2)), 9, threads=2,
    ),
}  # fmt: skip
