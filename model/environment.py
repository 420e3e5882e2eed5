"""The numerical environment: what else, beside seed and data, decides the bits of a result."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = "numpy.libs"  # where NumPy's wheels keep their OpenBLAS
NAMES = ("scipy_openblas_{}64_", "openblas_{}64_", "openblas_{}")


def numerical_environment() -> dict[str, Any]:
    """Return versions, machine, and the kernel and threads that matrix products use here.

    Two runs with equal environments, seeds and data give the same bytes.
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
        "blas_kernel": ask_openblas("get_corename", ctypes.c_char_p),
        "blas_threads": ask_openblas("get_num_threads", ctypes.c_int),
        "simd": sorted(np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])),
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }


def ask_openblas(question: str, answer: type[ctypes._SimpleCData[Any]]) -> str | int | None:
    """Ask the OpenBLAS that NumPy brought along; None when NumPy uses another library."""
    folder = Path(np.__file__).parent.parent / LIBRARIES
    for path in sorted(folder.glob("*openblas*")):
        library = ctypes.CDLL(str(path))
        for name in NAMES:
            function = getattr(library, name.format(question), None)
            if function is not None:
                function.restype = answer
                found = function()
                return found.decode() if isinstance(found, bytes) else int(found)
    return None
