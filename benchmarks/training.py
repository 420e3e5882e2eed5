"""Measures the speed of training beside scikit-learn, PyTorch and JAX: same rows, weights, batches and final loss.

python benchmarks/training.py [CASE …]     the cases are home, members, medium and wide; benchmarks/README.md
                                           describes how to install the others
"""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pages import ROOT, machine, table, write_section
from peers import PEERS, installed
from peers.case import CASES
from peers.measure import disagreement, environment

TOLERANCE = 1e-3
HERE = Path(__file__).parent
HEAD = ["case", "Ebb, µs a step", *(f"{peer}, times slower" for peer in list(PEERS)[1:]), "final losses differ by"]
NOTE = """Medians of interleaved runs (A B C A B C …). All libraries start from the same weights, use the same batches
and must end at the same loss over all rows, within 0.001. One thread is timed by processor time, two threads by wall
clock time. The time of Ebb includes the whole epoch: the shuffle, and the losses and norms of its report. The others
get prepared orders of rows, JAX excludes compilation, and PyTorch and scikit-learn train one of the 128 members. The
numbers in brackets are the goals: how many times slower each should be."""


def measured(name: str) -> dict[str, Any]:
    """Measure one case in a separate process.

    Raises: SystemExit when the final losses differ.
    """
    command = [sys.executable, "-m", "peers.measure", name]
    surroundings = environment(CASES[name].threads) | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=HERE, env=surroundings, stdout=subprocess.PIPE, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    difference = disagreement(result)
    if not difference < TOLERANCE:
        losses = {peer: found["losses"][0] for peer, found in result.items()}
        sys.exit(f"{name}: final losses differ by {difference:.2g}, so the times do not compare: {losses}")
    return result


def row(name: str, result: dict[str, Any]) -> list[str]:
    """Return a line of the table: Ebb's time, and the ratios of the others."""
    case, ours = CASES[name], result["Ebb"]["step"]
    asked = dict(case.bounds)
    cells = []
    for peer in list(PEERS)[1:]:
        if peer not in result:
            cells.append("not installed")
            continue
        ratio = result[peer]["step"] / ours
        cells.append(f"{ratio:.3g} ({'met' if ratio >= asked[peer] else 'MISSED'}: {asked[peer]:.3g})")
    return [case.title, f"{ours * 1e6:.3g}", *cells, f"{disagreement(result):.1g}"]


def versions() -> str:
    """Return the versions of the libraries."""
    packages = {"scikit-learn": "scikit-learn", "PyTorch": "torch", "JAX": "jax"}
    return ", ".join(f"{peer} {version(packages[peer])}" for peer in installed() if peer in packages)


def main() -> None:
    """Print the table; write its section if all cases ran."""
    names = sys.argv[1:] or list(CASES)
    missing = [peer for peer in PEERS if peer not in installed()]
    if missing:
        print(f"Not installed: {', '.join(missing)}. benchmarks/README.md says how; Ebb alone runs now.\n")
    results = {}
    for name in names:
        results[name] = measured(name)
        print(f"{name}: {'; '.join(found['label'] for found in results[name].values())}", flush=True)
    text = table(HEAD, [row(name, result) for name, result in results.items()])
    print(f"\n{text}\n{machine()}")
    if not missing and len(results) == len(CASES):
        ways = "; ".join(f"{peer}: {found['label']}" for peer, found in results["home"].items())
        source = f"`benchmarks/training.py`. {machine()} {versions()}. {ways}."
        write_section("training", f"## Speed of training\n\n{text}\n\n{NOTE}\n\n{source}")


if __name__ == "__main__":
    main()
