"""The matrix library under NumPy: which one, and on how many threads."""

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
    """Return a function of the OpenBLAS that NumPy brought along; None when NumPy uses another library."""
    folder = Path(np.__file__).parent.parent / LIBRARIES
    for path in sorted(folder.glob("*openblas*")):
        library = ctypes.CDLL(str(path))
        for name in NAMES:
            function = getattr(library, name.format(question), None)
            if function is not None:
                return function
    return None


def kernel() -> str | None:
    """Return the kernel OpenBLAS chose for this processor."""
    function = openblas("get_corename")
    if function is None:
        return None
    function.restype = ctypes.c_char_p
    return str(function().decode())


def threads() -> int | None:
    """Return how many threads OpenBLAS uses."""
    function = openblas("get_num_threads")
    return None if function is None else int(function())


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenBLAS to one thread: the bits then do not depend on the machine's cores, and nothing waits for one.

    With more, products of this size wait for each other by spinning: on a busy machine that takes ten times as long.
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
