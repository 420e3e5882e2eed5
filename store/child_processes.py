"""Starts child processes that end when their parent does."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO

# BLAS reads these once, when numpy is imported. With one thread, results repeat to the byte, and one process a core can
# work at full speed; the engine starts threads of its own where they pay.
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

PR_SET_PDEATHSIG = 1
# Looked up before any fork: between fork and exec little may be called safely.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start_module(module: str, environ: Mapping[str, str], output: int | None = None) -> subprocess.Popen[bytes]:
    """Start a Python module that reads its work from standard input and must end when that closes.

    The parent's death closes it. Unlike `start_child`, this can be called from any thread.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module],
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=output,
        bufsize=0,
        start_new_session=True,
    )


def read_line() -> bytes:
    """Read a line of standard input in a process of `start_module`; return no bytes where the input has closed.

    It is unbuffered, because `end_with_parent` reads on.
    """
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(sys.stdin.fileno(), 65536)
        if not part:
            return b""
        line += part
    return line


def end_with_parent(code: int) -> None:
    """End this process of `start_module` with this exit code once its standard input closes.

    The parent writes nothing after the line, so the read returns when the parent closes the pipe or dies.
    """

    def wait_for_end() -> None:
        os.read(sys.stdin.fileno(), 1)
        os._exit(code)

    threading.Thread(target=wait_for_end, name="parent", daemon=True).start()


def signal_at_parents_death(parent: int, number: signal.Signals) -> None:
    """Have Linux send this process a signal when its parent, the process of this id, dies, even by `kill -9`."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # the parent died before the call above
            os.kill(os.getpid(), number)


def start_child(
    command: Sequence[str | Path], *, environ: Mapping[str, str] | None = None, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program that gets SIGTERM when the calling thread ends, even by `kill -9`.

    Call it from the main thread: Linux sends the signal when the thread that started the child has ended. On other
    systems the children of a killed parent keep running. The child leads its own session, so that Ctrl-C reaches only
    the parent, which then ends its children in order.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        env=dict(environ) if environ is not None else None,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=partial(signal_at_parents_death, os.getpid(), signal.SIGTERM),  # noqa: PLW1509 - prctl alone; no lock is taken between fork and exec
    )
