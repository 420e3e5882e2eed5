"""The libraries that train the same network as Ebb: one module each, imported only if installed."""

from importlib import import_module
from importlib.util import find_spec

from peers.case import Case
from peers.runner import Runner

# name in the table → (module here, package that it needs)
PEERS = {
    "Ebb": ("ebb_trainer", "numpy"),
    "scikit-learn": ("scikit_learn", "sklearn"),
    "PyTorch": ("pytorch", "torch"),
    "JAX": ("jax_scan", "jax"),
}


def installed() -> list[str]:
    """Return the peers that can run here."""
    return [name for name, (_, package) in PEERS.items() if find_spec(package)]


def runners(name: str, case: Case) -> list[Runner]:
    """Return the ways in which a peer trains this case. The fastest counts."""
    file, _ = PEERS[name]
    found: list[Runner] = import_module(f"peers.{file}").runners(case)
    return found
