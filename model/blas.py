"""The BLAS library of NumPy: its kernel and its threads."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

LIBRARIES = "numpy.libs"  # where NumPy's wheels keep their OpenBLAS
NAMES = ("scipy_openblas_{}64_", "openblas_{}64_", "openblas_{}")


@cache
def openblas(question: str) -> Any | None:
    """Return a function of the OpenBLAS in NumPy's wheel; None if NumPy uses another library."""
    folder = Path(np.__file__).parent.parent / LIBRARIES
    for path in sorted(folder.glob("*openblas*")):
        library = ctypes.CDLL(str(path))
        for name in NAMES:
            function = getattr(library, name.format(question), None)
            if function is not None:
                return function
    return None


def kernel() -> str | None:
    """Return the kernel that OpenBLAS chose for this processor."""
    function = openblas("get_corename")
    if function is None:
        return None
    function.restype = ctypes.c_char_p
    return str(function().decode())


def threads() -> int | None:
    """Return the number of threads of OpenBLAS."""
    function = openblas("get_num_threads")
    return None if function is None else int(function())


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit OpenBLAS to one thread, so that the bits do not depend on the number of cores.

    With more threads, products of this size wait for each other by spinning. On a busy machine they take ten times as
    long.
    """
    before, change = threads(), openblas("set_num_threads")
    if before is None or before == 1 or change is None:
        yield
        return
    change(1)
    try:
        yield
    finally:
        change(before)
