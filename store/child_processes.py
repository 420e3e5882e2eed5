"""Starting child processes that cannot outlive their parent."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

# BLAS reads these once, when numpy is imported. One thread makes numbers repeat to the byte, and lets as many processes
# as cores work side by side; the engine brings threads of its own where they pay.
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

PR_SET_PDEATHSIG = 1
# Looked up before any fork: between fork and exec little may be called safely.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start_module(module: str, environ: Mapping[str, str], output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a Python module that is told on its standard input what to do, and ends when that is closed.

    Its parent's death closes it, too; so it can be started from any thread. The child sees to that itself.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module],
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=output,
        bufsize=0,
        start_new_session=True,
    )


def _end_with_parent(parent: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # gone before the line above could ask for the signal
            os.kill(os.getpid(), signal.SIGTERM)


def start_child(
    command: Sequence[str | Path], *, environ: Mapping[str, str] | None = None, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program that is told to end (SIGTERM) when the calling thread does, even by `kill -9`.

    Call it from the main thread: Linux sends the signal when the thread that started the child is gone. Elsewhere a
    parent that is killed leaves its children running. The child leads a session of its own, so that Ctrl-C reaches
    only the parent, which then ends its children in the right order.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(environ) if environ is not None else None,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=partial(_end_with_parent, os.getpid()),  # noqa: PLW1509 - prctl alone; no lock is taken between fork and exec
    )
