"""The forward pass and the loss of a spec in PyTorch."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, silu

Mask: TypeAlias = Callable[[int, float], Tensor]

ACTIVATIONS: dict[str, Callable[..., Tensor]] = {
    "identity": lambda z: z,
    "leaky_relu": lambda z, alpha: torch.where(z >= 0, z, alpha * z),
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "silu": silu,
    "tanh": torch.tanh,
}


def layers_of(spec: dict[str, Any], inputs: int, outputs: int, cardinalities: list[int]) -> list[Any]:
    """Return the layers of the spec, numbers expanded to layers, and the final dense layer."""
    layers, width = [], inputs
    for entry in spec["layers"]:
        if not isinstance(entry, int):
            layers.append(entry)
            ((name, settings),) = entry.items()
            if name == "dense":
                width = settings["units"]
            elif name == "embedding":
                width += len(cardinalities) * (settings["units"] - 1)
            continue
        activation = spec["activation"]
        plain: list[Any] = [{"dense": {"units": entry}}]
        plain += [{"batch_norm": {"momentum": 0.1, "epsilon": 1e-5}}] if spec["batch_norm"] else []
        plain += [{activation: {}} if isinstance(activation, str) else activation]
        plain += [{"dropout": {"rate": spec["dropout"]}}] if spec["dropout"] else []
        layers += [{"residual": plain}] if spec["residual"] and entry == width else plain
        width = entry
    return [*layers, {"dense": {"units": outputs}}]


def forward(  # noqa: PLR0917  # everything that a pass needs
    layers: list[Any], a: Tensor, parameters: Iterator[Tensor], running: Iterator[Tensor], mask: Mask, codes: list[int]
) -> Tensor:
    """Return the output of all layers in training; update running averages in place.

    Shapes: a (B, d); parameters as in the engine: the last row of a dense layer is its bias.
    """
    for entry in layers:
        ((name, settings),) = entry.items()
        if name == "dense":
            weights = next(parameters)
            a = a @ weights[:-1] + weights[-1]
        elif name == "residual":
            a = a + forward(settings, a, parameters, running, mask, codes)
        elif name == "batch_norm":
            a = normalized(a, next(parameters), next(running), **settings)
        elif name == "dropout":
            a = a * mask(a.shape[1], settings["rate"]) if settings["rate"] else a
        elif name == "embedding":
            plain = [i for i in range(a.shape[1]) if i not in codes]
            a = torch.cat([a[:, plain], *(next(parameters)[a[:, i].long()] for i in codes)], 1)
        else:
            a = ACTIVATIONS[name](a, **settings)
    return a


def normalized(z: Tensor, scale: Tensor, running: Tensor, momentum: float, epsilon: float) -> Tensor:
    """Return the activations normalized by the mean and variance of the batch."""
    mean, variance = z.mean(0), z.var(0, correction=0)
    with torch.no_grad():
        running *= 1 - momentum
        running += momentum * torch.stack([mean, variance * len(z) / max(len(z) - 1, 1)])
    return (z - mean) / torch.sqrt(variance + epsilon) * scale[0] + scale[1]


def losses(spec: dict[str, Any], z: Tensor, y: Tensor) -> Tensor:
    """Return the loss of each row, in nats or squared units."""
    smoothing = spec["label_smoothing"]
    if spec["loss"] == "squared_error":
        return (z[:, 0] - y) ** 2
    if spec["loss"] == "binary_cross_entropy":
        soft = y * (1 - smoothing) + smoothing / 2
        return binary_cross_entropy_with_logits(z[:, 0], soft, reduction="none")
    shares = torch.nn.functional.one_hot(y.long(), z.shape[1]) * (1 - smoothing) + smoothing / z.shape[1]
    return -(shares * torch.log_softmax(z, 1)).sum(1)
