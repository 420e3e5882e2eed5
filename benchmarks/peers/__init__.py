"""Who trains the same network beside Ebb: one library a file, imported only where it is installed."""

from importlib import import_module
from importlib.util import find_spec

from peers.case import Case
from peers.runner import Runner

# what a table calls it → (the file here, the package it needs)
PEERS = {
    "Ebb": ("ebb_trainer", "numpy"),
    "scikit-learn": ("scikit_learn", "sklearn"),
    "PyTorch": ("pytorch", "torch"),
    "JAX": ("jax_scan", "jax"),
}


def installed() -> list[str]:
    """Which peers can run here."""
    return [name for name, (_, package) in PEERS.items() if find_spec(package)]


def runners(name: str, case: Case) -> list[Runner]:
    """A peer's ways of training this case, of which the fastest counts."""
    file, _ = PEERS[name]
    found: list[Runner] = import_module(f"peers.{file}").runners(case)
    return found
