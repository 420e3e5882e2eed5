"""Measures the peak memory of training, also from a memory-mapped file, against twice the data and parameters.

python benchmarks/memory.py [--small]     --small maps 1,000,000 rows in place of 10,000,000 (800 MB on disk)
"""

import json
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pages import machine, table, write_section

from model.design import Design
from model.spec import parse_spec
from model.training.trainer import Trainer

MB = 1e6
STATUS = Path("/proc/self/status")
# title → (rows, features, layers, batch, epochs)
IN_MEMORY: dict[str, tuple[Any, ...]] = {
    "64-32-1, 1,000,000 × 20, batch 256": (1_000_000, 20, [64, 32], 256, 1),
    "512-256-1, 100,000 × 100, batch 1024": (100_000, 100, [512, 256], 1024, 1),
    "2048-2048-1, 10,000 × 100, batch 256": (10_000, 100, [2048, 2048], 256, 1),
}


def resident(kind: str) -> float:
    """Return the memory of this process in bytes: VmRSS for now, VmHWM for the peak."""
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(kind)).split()[1]) * 1024


def filled(X: np.ndarray) -> np.ndarray:
    """Fill X with normal numbers, slice by slice; return labels that depend on them."""
    rng = np.random.default_rng(0)
    y = np.empty(len(X), np.float32)
    for start in range(0, len(X), 10_000):
        rows = X[start : start + 10_000]
        rows[...] = rng.standard_normal(rows.shape, np.float32)
        y[start : start + 10_000] = rng.random(len(rows)) < 1 / (1 + np.exp(-rows[:, 0] - rows[:, 1]))
    return y


def train(X: np.ndarray, y: np.ndarray, layers: list[int], batch: int, epochs: int) -> dict[str, Any]:
    """Train; return the seconds, and the bytes above the memory before."""
    spec = parse_spec({"layers": layers, "batch_size": batch, "epochs": epochs, "early_stopping": None})
    started = perf_counter()
    trainer = Trainer(spec, Design(X, y, None, np.arange(len(X)), np.arange(0)))
    loss = [report.train_loss for report in trainer.epochs()][-1]
    return {"seconds": perf_counter() - started, "peak": resident("VmHWM"), "own": resident("RssAnon"), "loss": loss}


def measure(arguments: dict[str, Any]) -> dict[str, Any]:
    """Measure one training beyond the memory of a tiny training before it. Needs its own process."""
    rows, features, path = arguments["rows"], arguments["features"], arguments["path"]
    few = np.empty((4 * arguments["batch"], features), np.float32)
    train(few, filled(few), [8, 4], arguments["batch"], 1)  # loads the libraries and their memory
    before = resident("VmRSS")
    if path:
        X, y = np.memmap(path, np.float32, "r", shape=(rows, features)), np.load(f"{path}.y.npy")
    else:
        X = np.empty((rows, features), np.float32)
        y = filled(X)
    result = train(X, y, arguments["layers"], arguments["batch"], arguments["epochs"])
    return result | {"grown": result["peak"] - before, "data": X.nbytes + y.nbytes}


def apart(**arguments: Any) -> dict[str, Any]:
    """Measure in a separate process."""
    command = [sys.executable, __file__, json.dumps(arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def in_memory(title: str) -> list[str]:
    """Return a line of the table: the growth of the process, against twice the data, parameters and moments."""
    names = ("rows", "features", "layers", "batch", "epochs")
    case = dict(zip(names, IN_MEMORY[title], strict=True))
    found = apart(path="", **case)
    widths = [case["features"], *case["layers"], 1]
    parameters = sum((inputs + 1) * outputs for inputs, outputs in pairwise(widths))
    needed = found["data"] + 3 * 4 * parameters
    ratio = found["grown"] / needed
    verdict = "met" if ratio <= 2 else "MISSED"
    return [title, f"{needed / MB:.0f}", f"{found['grown'] / MB:.0f}", f"{ratio:.2f}", verdict]


def mapped(rows: int) -> str:
    """Write rows to a file, train one epoch from it and report time and memory."""
    with tempfile.TemporaryDirectory(prefix="ebb-benchmark-") as folder:
        path = str(Path(folder) / "X")
        np.save(f"{path}.y.npy", filled(np.memmap(path, np.float32, "w+", shape=(rows, 20))))
        found = apart(path=path, rows=rows, features=20, layers=[64, 32], batch=1024, epochs=1)
    return (
        f"{rows:,} rows × 20 in a memory-mapped file of {rows * 80 / MB:,.0f} MB: one epoch of 64-32-1 in batches of "
        f"1,024 took {found['seconds']:.0f} s, to a training loss of {found['loss']:.3f}. The process grew by "
        f"{found['grown'] / MB:,.0f} MB with the pages of the file, which the system can reclaim; "
        f"{found['own'] / MB:,.0f} MB are private, libraries included."
    )


def main() -> None:
    """Print the table and write its section."""
    if not STATUS.exists():
        print("Peak memory is read from /proc, which this system does not have.")
        return
    head = ["case", "data, parameters and moments, MB", "grown by, MB", "ratio", "at most 2"]
    text = table(head, [in_memory(title) for title in IN_MEMORY])
    print(text, flush=True)
    large = mapped(1_000_000 if "--small" in sys.argv else 10_000_000)
    print(f"{large}\n{machine()}")
    write_section("memory", f"## Memory\n\n{text}\n\n{large}\n\n`benchmarks/memory.py`. {machine()}")


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("{"):
        print(json.dumps(measure(json.loads(sys.argv[1]))))
    else:
        main()
