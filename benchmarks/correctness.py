"""Trains hundreds of random specs by the engine and by PyTorch's automatic differentiation, both in float64.

python benchmarks/correctness.py [SPECS [FIRST_SEED]]
"""

import sys
from importlib.util import find_spec

import numpy as np
from autodiff.specs import STEPS, random_case
from pages import machine, write_section

from model import initializers, layers, losses, optimizers, schedules
from model.network.parameters import filled, initialize, views
from model.network.stack import build_stack
from model.spec import parse_spec
from model.training.trainer import Trainer

TOLERANCE = 1e-10


def deviation(seed: int) -> tuple[float, float]:
    """Return the largest relative deviation of a random spec's losses, and of its weights and running averages."""
    from autodiff.training import Training  # noqa: PLC0415  # needs PyTorch; main reports when it is missing

    raw, design = random_case(seed)
    spec = parse_spec(raw)
    trainer = Trainer(spec, design)
    reports = list(trainer.epochs())
    arrays = trainer.checkpoint().arrays
    stack = build_stack(spec, design.width, spec.loss.outputs(design.y), design.codes)
    ours_values, ours_states = np.atleast_2d(arrays["values"]), np.atleast_2d(arrays["states"])
    their_losses, apart = [], [0.0]
    for k in range(spec.members):
        first = initialize(stack, spec.initializer, spec.seed + k, "float64")
        states = filled(stack.states(), (), "float64")
        start = [list(views(flat, t).values()) for flat, t in ((first, stack.tensors()), (states, stack.states()))]
        theirs = Training(spec.to_json(), design, stack, *start)
        their_losses.append(theirs.losses(spec.seed + k))
        for flat, found in ((ours_values[k], theirs.parameters), (ours_states[k], theirs.states)):
            flat_theirs = np.concatenate([a.detach().numpy().ravel() for a in found]) if found else flat
            apart.append(relative(flat, flat_theirs))
    return relative(np.array([report.train_loss for report in reports]), np.mean(their_losses, 0)), max(apart)


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest |ours − theirs| / max(1, |theirs|)."""
    return float((np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))).max(initial=0))


def never_drawn(specs: list[str]) -> list[str]:
    """Return the entries of the catalogs that no spec uses."""
    catalogs = (module.CATALOG for module in (initializers, layers, losses, optimizers, schedules))
    return [name for catalog in catalogs for name in catalog if not any(f"'{name}'" in spec for spec in specs)]


def main() -> None:
    """Print the number of specs that agreed and the largest deviation; fail if one did not agree."""
    if not find_spec("torch"):
        print("PyTorch is not installed, so there is nobody to compare with; benchmarks/README.md says how.")
        return
    count, first = (int(argument) for argument in (*sys.argv[1:], *("400", "0")[len(sys.argv) - 1 :]))
    found = {seed: deviation(seed) for seed in range(first, first + count)}
    for seed, (loss, weights) in found.items():
        if not max(loss, weights) <= TOLERANCE:
            print(f"seed {seed}: losses apart by {loss:.2g}, weights by {weights:.2g}: {random_case(seed)[0]}")
    agreed = sum(max(pair) <= TOLERANCE for pair in found.values())
    worst_loss, worst_weights = (max(pair[i] for pair in found.values()) for i in range(2))
    text = (
        f"{agreed} of {count} random specs agree within {TOLERANCE:g} after at least {STEPS} steps. The worst "
        f"deviation is {worst_loss:.1e} in a loss and {worst_weights:.1e} in a weight or running average."
    )
    print(text)
    missing = never_drawn([str(random_case(seed)[0]) for seed in found])
    if missing:
        print(f"No spec had {', '.join(missing)}.")
    if agreed < count or missing:
        sys.exit(1)
    source = f"`benchmarks/correctness.py`, against automatic differentiation by PyTorch in float64. {machine()}"
    write_section("correctness", f"## Correctness: an independent implementation\n\n{text}\n\n{source}")


if __name__ == "__main__":
    main()
