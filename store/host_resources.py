"""What this machine, or the container this process is in, has to offer."""

import os
from collections.abc import Iterator
from pathlib import Path

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def memory_bytes(root: Path = Path("/")) -> int:
    """Return the memory there is: the machine's, or less where a control group of this process allows less.

    Units: bytes.
    """
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_allowed(root)])


def _allowed(root: Path) -> Iterator[int]:
    """Yield the limits of this process's control groups, of both versions, and of the groups they are in."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        mounted = root / "sys/fs/cgroup" / controllers
        limit = "memory.limit_in_bytes" if controllers else "memory.max"
        # In a container the group's own path may not be visible, and its limit stands at the top.
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
