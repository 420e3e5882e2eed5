"""The processor cores and the memory that this process may use."""

import os
from collections.abc import Iterator
from pathlib import Path

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def memory_bytes(root: Path = Path("/")) -> int:
    """Return the memory that this process may use: that of the machine, or a lower limit of its control groups.

    Units: bytes.
    """
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_allowed(root)])


def _allowed(root: Path) -> Iterator[int]:
    """Yield the memory limits of this process's control groups (version 1 and 2) and of the groups around them."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        mounted = root / "sys/fs/cgroup" / controllers
        limit = "memory.limit_in_bytes" if controllers else "memory.max"
        # A container may not see the path of its own group. It then sees the group's limit at the top.
        folder = mounted / path.lstrip("/")
        for group in (folder, *folder.parents):
            if (text := _read(group / limit).strip()).isdecimal():
                yield int(text)
            if group == mounted:
                break


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
