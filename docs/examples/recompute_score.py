"""Recompute a churn probability from a weights file alone: recompute_score.py '{"months": 24}' < FILE."""

import json
import sys

import numpy as np
from safetensors.numpy import load

data, record, x = sys.stdin.buffer.read(), json.loads(sys.argv[1]), []
ebb = json.loads(json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["ebb"])
for c in ebb["columns"]:
    value, words = record.get(c["name"]), c.get("categories", [])
    if c["kind"] == "numeric":
        u = ((c["fill"] if value is None else value) - c["offset"]) / c["scale"]
        x += [u if c["fixed"] else u / (1 + (u / 3) ** 2) ** 0.5] + [float(value is None)] * c["gaps"]
    else:  # categorical: one feature a category, one for rare and unseen ones, one for gaps
        place = {None: c["gaps"] * (len(words) + c["rare"])} | {word: i for i, word in enumerate(words)}
        x += np.eye(len(words) + c["rare"] + c["gaps"])[place.get(value, c["rare"] * len(words))].tolist()
a, arrays = np.array([x]), load(data)
for i, layer in enumerate(ebb["layers"]["layers"]):
    W = arrays.get(f"network.{i}.weights")  # the last row is the bias; with members, their axis comes first
    a = np.maximum(a, 0) if "relu" in layer else a @ W[..., :-1, :] + W[..., -1:, :]
z, g = a.mean(), ebb["head"]["calibration"]
if g["kind"] == "line":
    z = g["slope"] * z + g["shift"]
elif g["kind"] == "beta":
    z = g["high"] * np.logaddexp(0, z) - g["low"] * np.logaddexp(0, -z) + g["shift"]
else:  # quadratic: the slope goes from low to high between start and stop
    u, width = np.clip(z, g["start"], g["stop"]) - g["start"], g["stop"] - g["start"]
    curve = (g["high"] - g["low"]) * u**2 / width / 2
    z = g["shift"] + g["low"] * min(z - g["start"], u) + curve + g["high"] * max(z - g["stop"], 0)
print(1 / (1 + np.exp(-z)))
