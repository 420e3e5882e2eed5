"""How often a key may call: counted in memory that all processes of one server share, exactly.

Each key has one number, the time at which its minute's worth will be whole again (the generic cell rate algorithm,
"virtual scheduling"). A key that was idle may send a minute's worth at once; then as its share comes back.

Source: ITU-T I.371 (2004), annex A; RateLimit header fields: draft-ietf-httpapi-ratelimit-headers-10.
"""

import fcntl
import mmap
import os
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
SLOTS = 4096
PROBES = 8
_SLOT = struct.Struct("<Qd")  # a key's number, and when its minute's worth is whole again


@dataclass(frozen=True)
class Allowance:
    """What one request found: how much is left after it, when all of it is back, and how long to wait if refused."""

    quota: int
    remaining: int
    whole_in_s: float
    refused_for_s: float | None


class Allowances:
    """Slots in a file without a name, mapped by every process that was forked from the one that made it.

    A slot whose time has passed says nothing and is anybody's; of a key's few places the one that is whole first gives
    way, so that there is always room.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock  # one for all processes of a machine
        with tempfile.TemporaryFile() as file:
            file.truncate(SLOTS * _SLOT.size)
            self._file = os.dup(file.fileno())
        self._slots = mmap.mmap(self._file, SLOTS * _SLOT.size)
        weakref.finalize(self, os.close, self._file)
        self._threads = threading.Lock()

    def take(self, key_id: str, quota: int) -> Allowance:
        """Count a request of this key, unless its minute's worth is used up."""
        return self._ask(key_id, quota, count=True)

    def look(self, key_id: str, quota: int) -> Allowance:
        """Tell what taking would find, and count nothing."""
        return self._ask(key_id, quota, count=False)

    def _ask(self, key_id: str, quota: int, *, count: bool) -> Allowance:
        number, cost = int(key_id, 16), WINDOW_SECONDS / quota
        # The file's lock is between processes and goes with a killed one; between threads it would not hold.
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                now = self._clock()
                offset, whole_at = self._find(number, now)
                after = max(now, whole_at) + cost
                refused_for = after - now - WINDOW_SECONDS
                if refused_for > cost * 1e-6:  # what the quota's share of a minute leaves to rounding
                    return Allowance(quota, 0, whole_at - now, refused_for)
                if count:
                    _SLOT.pack_into(self._slots, offset, number, after)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
        return Allowance(quota, int((now + WINDOW_SECONDS - after) / cost + 1e-6), after - now, None)

    def _find(self, number: int, now: float) -> tuple[int, float]:
        best, best_at = 0, float("inf")
        for probe in range(PROBES):
            offset = (number + probe) % SLOTS * _SLOT.size
            holder, whole_at = _SLOT.unpack_from(self._slots, offset)
            if holder == number:
                return offset, whole_at
            if whole_at < best_at:
                best, best_at = offset, whole_at
        return best, now
