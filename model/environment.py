"""The numerical environment: with seed and data, it decides the bits of a result."""

import os
import platform
from collections.abc import Mapping
from typing import Any

import numpy as np

from model import blas

ENGINE = 2  # raised by each release that trains or writes other bytes from the same spec and table
RECORDED = {"python", "system", "cores"}


def numerical_environment() -> dict[str, Any]:
    """Return the engine and other versions, the machine, and the kernel and threads of matrix products.

    Two runs with equal environments, seeds and data give the same bytes.
    """
    library = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "engine": ENGINE,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{library['name']} {library['version']}",
        "blas_kernel": blas.kernel(),
        "blas_threads": blas.threads(),
        "simd": sorted(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }


def same_bits(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two environments give the same bytes. Python, system and cores do not matter.

    Example:
        >>> here = numerical_environment()
        >>> same_bits(here, {**here, "cores": 96}), same_bits(here, {**here, "blas_kernel": "another"})
        (True, False)
    """
    deciding = (one.keys() | other.keys()) - RECORDED
    return all(one.get(name) == other.get(name) for name in deciding)
