"""Optimizers and schedules by their formulas, for one array and one step."""

import math
from typing import Any

import torch
from torch import Tensor


def clipped(gradients: list[Tensor], spec: dict[str, Any]) -> list[Tensor]:
    """Return the gradients, clipped by their common norm and by value."""
    if spec["clip_norm"] is not None:
        norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
        gradients = [g * min(1.0, spec["clip_norm"] / norm) if norm else g for g in gradients]
    if spec["clip_value"] is not None:
        gradients = [g.clamp(-spec["clip_value"], spec["clip_value"]) for g in gradients]
    return gradients


def decayed(g: Tensor, theta: Tensor, kernel: int, spec: dict[str, Any]) -> Tensor:
    """Return the gradient with the penalties of the first `kernel` rows, the weights."""
    g = g.clone()
    g[:kernel] += spec["l1"] * theta[:kernel].sign()
    if spec["optimizer"]["name"] != "adamw":
        g[:kernel] += spec["weight_decay"] * theta[:kernel]
    return g


def update(g: Tensor, theta: Tensor, kernel: int, memory: dict[str, Any], *, t: int, rate: float, spec: Any) -> Tensor:
    """Return the update of theta in step t, from 1."""
    o = spec["optimizer"]
    name = o["name"]
    if name == "sgd":
        return rate * g
    if name in {"momentum", "nesterov"}:
        taken = g if o["form"] == "classic" else (1 - o["beta"]) * g
        memory["v"] = o["beta"] * memory.get("v", 0) + taken
        return rate * (o["beta"] * memory["v"] + taken if name == "nesterov" else memory["v"])
    if name == "rmsprop":
        memory["s"] = o["beta"] * memory.get("s", 0) + (1 - o["beta"]) * g * g
        return rate * g / (memory["s"].sqrt() + o["epsilon"])
    memory["m"] = o["beta1"] * memory.get("m", 0) + (1 - o["beta1"]) * g
    memory["v"] = o["beta2"] * memory.get("v", 0) + (1 - o["beta2"]) * g * g
    m, v = memory["m"] / (1 - o["beta1"] ** t), memory["v"] / (1 - o["beta2"] ** t)
    taken = rate * m / (v.sqrt() + o["epsilon"])
    if name == "adamw":
        taken[:kernel] += rate * spec["weight_decay"] * theta[:kernel]
    return taken


def rate_at(step: int, steps_per_epoch: int, spec: dict[str, Any]) -> float:
    """Return the learning rate of a step, from 0, before the factor of a plateau."""
    s, peak = spec["schedule"], spec["optimizer"]["learning_rate"]
    unit = 1 if s["by"] == "step" else steps_per_epoch
    time, total = step // unit, spec["epochs"] * steps_per_epoch // unit
    warm = round(s["warmup"] * total)
    if time < warm:
        return float(peak * (time + 1) / warm)
    t, T = time - warm, max(total - warm, 1)
    if s["name"] == "step":
        return float(peak * s["factor"] ** (t // s["every"]))
    if s["name"] == "cosine":
        return float(s["minimum"] + (peak - s["minimum"]) * (1 + math.cos(math.pi * t / T)) / 2)
    if s["name"] == "one_cycle":
        top = s["rise"] * T
        if t < top:
            return peak * half_wave(s["start"], 1.0, t / top)
        return peak * half_wave(1.0, s["finish"], (t - top) / (T - top))
    return float(peak)


def half_wave(first: float, last: float, share: float) -> float:
    """Return half a cosine wave from the first number to the last."""
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


class Plateau:
    """The factor of a plateau schedule on the learning rate; 1 for other schedules."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self._schedule = spec["schedule"]
        self.factor, self._best, self._waited = 1.0, math.inf, 0

    def watch(self, loss: float) -> None:
        """Update the factor by the loss of an epoch."""
        if self._schedule["name"] != "plateau":
            return
        if loss < self._best - self._schedule["min_delta"]:
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited >= self._schedule["patience"]:
            self.factor, self._waited = self.factor * self._schedule["factor"], 0


torch.set_default_dtype(torch.float64)
