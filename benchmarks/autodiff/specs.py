"""Random specs, and small designs for them."""

from random import Random
from typing import Any

import numpy as np

from model.design import CodeColumn, Design

STEPS = 50
ADAPTIVE = {"rmsprop", "adam", "adamw"}
# The gradient of a bias before batch normalization is 0, and so is that of an output that is still 0 on an even batch.
# Rounding leaves 1e-17 of it. An optimizer that divides by the size of the gradient enlarges it, up to its ε of 1e-8.
# This is not an error, so these specs use a larger ε.
LARGE_EPSILON = 1e-4


def random_case(seed: int) -> tuple[dict[str, Any], Design]:
    """Return a spec as JSON values and a design for it."""
    random = Random(seed)
    rows = random.randint(12, 60)
    loss = random.choice(["binary_cross_entropy", "softmax_cross_entropy", "squared_error"])
    design = random_design(random, seed, rows, loss)
    batch = random.choice([4, 8, 16, rows, random.randint(3, rows)])
    if rows % batch == 1:
        batch = rows  # a batch of one row has no variance
    spec: dict[str, Any] = {
        "layers": random_layers(random, design),
        "loss": loss,
        "batch_size": batch,
        "epochs": -(-STEPS // -(-rows // batch)),
        "optimizer": random_optimizer(random),
        "schedule": random_schedule(random),
        "activation": random_activation(random),
        "initializer": random.choice(["auto", "auto", "auto", "glorot", "he", "lecun", "zeros"]),
        "early_stopping": None,
        "seed": random.randrange(10**6),
        "members": random.choice([1, 1, 2, 3]),
        "dtype": "float64",
    }
    now_and_then = {
        "clip_norm": random.choice([0.1, 1.0]),
        "clip_value": random.choice([0.01, 0.1]),
        "weight_decay": random.choice([1e-3, 0.1]),
        "l1": 1e-3,
        "dropout": random.choice([0.1, 0.5]),
        "batch_norm": True,
        "residual": True,
    }
    if loss != "squared_error":
        now_and_then |= {"label_smoothing": 0.1, "class_weight": random.choice(["balanced", {"0": 0.5, "1": 3}])}
    if spec["initializer"] == "zeros":
        spec["layers"] = []  # hidden layers would stay 0, up to rounding
    spec |= {key: value for key, value in now_and_then.items() if random.random() < 0.25}
    rounding_alone = "batch_norm" in str(spec) or spec["initializer"] == "zeros"
    if spec["optimizer"]["name"] in ADAPTIVE and rounding_alone:
        spec["optimizer"]["epsilon"] = LARGE_EPSILON
    return spec, design


def random_design(random: Random, seed: int, rows: int, loss: str) -> Design:
    """Return normal features, sometimes with category codes, sometimes with weights."""
    numbers = np.random.default_rng(seed)
    width = random.randint(2, 6)
    X = numbers.standard_normal((rows, width))
    codes: tuple[CodeColumn, ...] = ()
    if random.random() < 0.3:
        codes = (CodeColumn(random.randrange(width - 1), random.randint(2, 5)), CodeColumn(width - 1, 3))
        for column in codes:
            X[:, column.position] = numbers.integers(0, column.cardinality, rows)
    classes = random.randint(2, 4) if loss == "softmax_cross_entropy" else 2
    y = numbers.permutation(np.arange(rows) % classes).astype(float)
    if loss == "squared_error":
        y = numbers.standard_normal(rows)
    weight = numbers.uniform(0.2, 3, rows) if random.random() < 0.25 else None
    return Design(X, y, weight, numbers.permutation(rows), np.arange(0), codes)


def random_layers(random: Random, design: Design) -> list[Any]:
    """Return some random layers; with codes, the first is an embedding."""
    layers: list[Any] = [{"embedding": random.randint(1, 3)}] if design.codes else []
    width = design.width + len(design.codes) * (layers[0]["embedding"] - 1) if layers else design.width
    for _ in range(random.randint(0, 4)):
        kind = random.choice(["units", "units", "dense", "activation", "batch_norm", "dropout", "residual"])
        if kind in {"units", "dense"}:
            width = random.choice([width, random.randint(2, 9)])
            layers.append(width if kind == "units" else {"dense": width})
        elif kind == "residual":
            inside = [{"dense": random.randint(2, 6)}, as_layer(random_activation(random)), {"dense": width}]
            layers.append({"residual": inside})
        elif kind == "activation":
            layers.append(as_layer(random_activation(random)))
        else:
            layers.append({"batch_norm": {"momentum": 0.2}} if kind == "batch_norm" else {"dropout": {"rate": 0.3}})
    return layers


def random_activation(random: Random) -> Any:
    """Return the name of an activation, or an object with its settings."""
    return random.choice(["relu", "sigmoid", "tanh", "silu", "identity", {"leaky_relu": {"alpha": 0.2}}])


def as_layer(activation: Any) -> Any:
    """Return the activation as an entry of `layers`."""
    return {activation: {}} if isinstance(activation, str) else activation


def random_optimizer(random: Random) -> dict[str, Any]:
    """Return an optimizer with a learning rate low enough for a stable training."""
    name = random.choice(["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
    optimizer = {"name": name, "learning_rate": random.choice([0.001, 0.01])}
    if name in {"momentum", "nesterov"}:
        optimizer |= {"form": random.choice(["averaged", "classic"]), "beta": random.choice([0.5, 0.9])}
    if name in {"adam", "adamw"}:
        optimizer |= {"beta1": random.choice([0.8, 0.9]), "beta2": random.choice([0.99, 0.999])}
    return optimizer


def random_schedule(random: Random) -> dict[str, Any]:
    """Return a schedule, by step or by epoch, with or without warm-up."""
    name = random.choice(["constant", "step", "cosine", "one_cycle", "plateau"])
    settings = {"step": {"factor": 0.5, "every": 3}, "cosine": {"minimum": 1e-4}, "plateau": {"patience": 1}}
    by, warmup = random.choice(["step", "epoch"]), random.choice([0.0, 0.2])
    return {"name": name, "by": by, "warmup": warmup} | settings.get(name, {})
