"""Recompute a churn probability from a weights file alone: recompute_score.py '{"months": 24}' < FILE."""

import json
import sys
from datetime import date

import numpy as np
from safetensors.numpy import load

data, record = sys.stdin.buffer.read(), json.loads(sys.argv[1])
ebb = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["ebb"])
arrays = load(data)


def number(c, value):  # the scaled number, its normal score, and whether it is missing
    x = c["fill"] if value is None else value
    u = (x - c["offset"]) / c["scale"]
    scores = [np.interp(x, c["knots"], c["scores"])] if c["knots"] else []
    return [u if c["fixed"] else u / (1 + (u / 3) ** 2) ** 0.5, *scores, *[float(value is None)] * c["gaps"]]


def features(c, value):
    if c["kind"] == "numeric":
        return number(c, value)
    if c["kind"] == "date":  # days since 1970
        return number(c["days"], value and (date.fromisoformat(value) - date(1970, 1, 1)).days)
    if c["kind"] == "boolean":
        return [float(c["fill"] if value is None else value), *[float(value is None)] * c["gaps"]]
    words = c["categories"]  # one feature a category, one for rare and unseen ones, one for gaps; or a code
    size = len(words) + c["rare"] + c["gaps"]
    places = {None: c["gaps"] * (size - 1)} | {word: i for i, word in enumerate(words)}
    code = places.get(value, c["rare"] * len(words))
    return [code] if c["embedded"] else np.eye(size)[code].tolist()


def silu(z):
    return z / (1 + np.exp(-z))


def run(layers, own, a):  # a has the shape (members, 1, width)
    for i, layer in enumerate(layers):
        inside = {name.removeprefix(f"{i}."): array for name, array in own.items() if name.startswith(f"{i}.")}
        ((kind, settings),) = layer.items()
        a = a + run(settings, inside, a) if kind == "residual" else apply(kind, settings, inside, a)
    return a


def apply(kind, layer, own, a):
    if kind == "dense":  # the last row of the weights is the bias
        return a @ own["weights"][:, :-1] + own["weights"][:, -1:]
    if kind == "feature_scale":
        return a * (1 + layer["speed"] * own["theta"].mT)
    if kind == "embedding":
        plain = [i for i in range(a.shape[2]) if i not in layer["positions"]]
        codes = [int(a[0, 0, position]) for position in layer["positions"]]
        return np.concatenate([a[:, :, plain], *(own[f"table{i}"][:, [code]] for i, code in enumerate(codes))], axis=2)
    if kind == "periodic":  # SiLU(sW + b) of s = [sin cx, cos cx], for each number x
        c, k = own["frequencies"], len(layer["positions"])
        v = a[:, 0, layer["positions"], None] * c
        s, W = np.concatenate([np.sin(v), np.cos(v)], axis=2), own["weights"].reshape(len(c), k, layer["units"], -1)
        z = np.einsum("mkf,mkuf->mku", s, W).reshape(len(c), 1, -1) + own["biases"].mT
        return np.concatenate([a, silu(z)], axis=2)
    activation = {"relu": lambda z: np.maximum(z, 0), "silu": silu, "tanh": np.tanh}[kind]
    return activation(a)


def logit(network, names):  # the mean over the members
    own = {name.removeprefix(names): array for name, array in arrays.items() if name.startswith(names)}
    if network["members"] == 1:
        own = {name: array[None] for name, array in own.items()}
    return run(network["layers"], own, np.repeat(x, network["members"], axis=0)).mean()


x = np.array([[[f for c in ebb["columns"] for f in features(c, record.get(c["name"]))]]], float)
z, g = 0.0, ebb["head"]["calibration"]
if "blend" in ebb["layers"]:
    for i, weight in enumerate(ebb["layers"]["weights"]):
        z += weight * logit(ebb["layers"]["blend"][i], f"network.{i}.")
else:
    z = logit(ebb["layers"], "network.")
if g["kind"] == "line":
    z = g["slope"] * z + g["shift"]
elif g["kind"] == "beta":
    z = g["high"] * np.logaddexp(0, z) - g["low"] * np.logaddexp(0, -z) + g["shift"]
else:  # quadratic: the slope goes from low to high between start and stop
    u, width = np.clip(z, g["start"], g["stop"]) - g["start"], g["stop"] - g["start"]
    curve = (g["high"] - g["low"]) * u**2 / width / 2
    z = g["shift"] + g["low"] * min(z - g["start"], u) + curve + g["high"] * max(z - g["stop"], 0)
print(1 / (1 + np.exp(-z)))
