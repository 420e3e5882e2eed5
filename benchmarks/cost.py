"""Measures the time of a step against width, batch and depth, beside the time of its matrix products alone.

python benchmarks/cost.py      draws docs/images/cost-of-a-step.svg
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import process_time

import numpy as np
from pages import IMAGES, machine, table, write_section

from model.design import Design
from model.spec import parse_spec
from model.training.trainer import Trainer

FEATURES, STEPS, ROUNDS = 20, 60, 7
IMAGE = "cost-of-a-step.svg"


@dataclass(frozen=True)
class Shape:
    """A network of equal layers and its batch."""

    width: int = 64
    batch: int = 256
    depth: int = 2


SWEEPS: dict[str, tuple[Callable[[int], Shape], tuple[int, ...]]] = {
    "width": (lambda n: Shape(width=n), (4, 8, 16, 32, 64, 128, 256, 512)),
    "batch": (lambda n: Shape(batch=n), (8, 16, 32, 64, 128, 256, 512, 1024)),
    "depth": (lambda n: Shape(depth=n), (1, 2, 4, 8, 16)),
}


def step_seconds(shape: Shape) -> float:
    """Return the processor time of a step of Adam, the median over several epochs."""
    rows = shape.batch * STEPS
    rng = np.random.default_rng(0)
    y = (rng.random(rows) < 0.5).astype(np.float32)
    design = Design(rng.standard_normal((rows, FEATURES), np.float32), y, None, np.arange(rows), np.arange(0))
    layers = [shape.width] * shape.depth
    spec = parse_spec({"layers": layers, "batch_size": shape.batch, "epochs": ROUNDS + 1, "early_stopping": None})
    epochs, times = Trainer(spec, design).epochs(), []
    for _ in range(spec.epochs):
        started = process_time()
        next(epochs)
        times.append((process_time() - started) / STEPS)
    return median(times[1:])


def product_seconds(shape: Shape) -> float:
    """Return the processor time of the matrix products of a step: forward, weight gradients, input gradients."""
    widths = [FEATURES, *[shape.width] * shape.depth, 1]
    total = 0.0
    for i, (inputs, outputs) in enumerate(pairwise(widths)):
        a, W = np.ones((inputs + 1, shape.batch), np.float32), np.ones((inputs + 1, outputs), np.float32)
        delta, gradient, back = np.ones((outputs, shape.batch), np.float32), np.empty_like(W), np.empty_like(a[:-1])
        out = np.empty_like(delta)
        products = [(W.T.dot, a, out), (a.dot, delta.T, gradient)] + [(W[:-1].dot, delta, back)] * (i > 0)
        total += sum(seconds_of(*product) for product in products)
    return total


def seconds_of(product: Callable[..., object], right: np.ndarray, out: np.ndarray) -> float:
    """Return the processor time of one product, the best of several."""
    times = []
    for _ in range(5):
        started = process_time()
        for _ in range(20):
            product(right, out)
        times.append((process_time() - started) / 20)
    return min(times)


def draw(measured: dict[str, list[tuple[int, float, float]]]) -> None:
    """Draw one panel for each sweep: the step and its products."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # only drawing needs it

    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for axes, (name, points) in zip(figure.subplots(1, len(measured), sharey=True), measured.items(), strict=True):
        sizes, steps, products = zip(*points, strict=True)
        axes.loglog(sizes, np.multiply(steps, 1e6), "o-", label="a step")
        axes.loglog(sizes, np.multiply(products, 1e6), "s--", label="its matrix products alone")
        axes.set_xlabel(name)
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("µs")
    figure.axes[0].legend()
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / IMAGE, metadata={"Date": None})


def main() -> None:
    """Print the table, draw the plot and write both files."""
    measured, rows = {}, []
    for name, (shape, sizes) in SWEEPS.items():
        measured[name] = [(size, step_seconds(shape(size)), product_seconds(shape(size))) for size in sizes]
        rows += [[name, str(n), f"{a * 1e6:.3g}", f"{b * 1e6:.3g}", f"{b / a:.0%}"] for n, a, b in measured[name]]
    text = table(["against", "size", "a step, µs", "its products alone, µs", "share"], rows)
    print(f"{text}\n{machine()}")
    draw(measured)
    base = f"Width {Shape.width}, batch {Shape.batch}, depth {Shape.depth} where not varied; {FEATURES} features, Adam."
    plot = f"![Cost of a step against width, batch and depth](images/{IMAGE})"
    write_section("cost", f"## Cost of a step\n\n{plot}\n\n{text}\n\n{base} `benchmarks/cost.py`. {machine()}")


if __name__ == "__main__":
    main()
