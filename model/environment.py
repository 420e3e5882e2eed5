"""The numerical environment: what else, beside seed and data, decides the bits of a result."""

from __future__ import annotations

import os
import platform
from typing import Any

import numpy as np

from model import blas


def numerical_environment() -> dict[str, Any]:
    """Return versions, machine, and the kernel and threads that matrix products use here.

    Two runs with equal environments, seeds and data give the same bytes.
    """
    library = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
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
