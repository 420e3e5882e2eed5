"""What numbers are made with: the same training gives the same bytes only where this is the same."""

import ctypes
import platform
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

# OpenBLAS under the names that numpy's wheels give it, then under its own
PREFIXES_AND_SUFFIXES = (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", ""))


def numerical_environment() -> dict[str, object]:
    """Return numpy's version, its SIMD instructions, and BLAS's name, version, kernel and number of threads.

    Example:
        >>> sorted(numerical_environment())
        ['blas', 'blas_kernel', 'blas_threads', 'blas_version', 'machine', 'numpy', 'simd']
    """
    built: dict[str, Any] = np.show_config(mode="dicts")  # type: ignore[assignment,call-overload,unused-ignore]
    blas = built["Build Dependencies"]["blas"]
    library = _openblas()
    return {
        "numpy": np.__version__,
        "machine": platform.machine(),
        "simd": list(built["SIMD Extensions"].get("found", [])),
        "blas": blas.get("name", "unknown"),
        "blas_version": blas.get("version", "unknown"),
        "blas_kernel": _ask(library, "openblas_get_corename", ctypes.c_char_p, "unknown"),
        "blas_threads": _ask(library, "openblas_get_num_threads", ctypes.c_int, "unknown"),
    }


@cache
def _openblas() -> ctypes.CDLL | None:
    """Return the library that numpy's wheel carries, if it carries one."""
    for library in sorted((Path(np.__file__).parent.parent / "numpy.libs").glob("*openblas*")):
        return ctypes.CDLL(str(library))
    return None


def _ask(library: ctypes.CDLL | None, name: str, kind: Any, default: object) -> object:
    for prefix, suffix in PREFIXES_AND_SUFFIXES if library is not None else ():
        function = getattr(library, f"{prefix}{name}{suffix}", None)
        if function is not None:
            function.restype = kind
            answer = function()
            return answer.decode() if isinstance(answer, bytes) else answer
    return default
