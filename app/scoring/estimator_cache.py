"""A cache of estimators: they are immutable, so any thread may score by them."""

import threading
from collections import OrderedDict

from model.estimator import Estimator
from store.database import Database
from store.registry.resolve import ResolvedVersion
from store.registry.versions import load_estimator

MOST_BYTES = 256 * 1024**2
OVERHEAD_BYTES = 64 * 1024
"""What an estimator takes in memory beside its arrays, about."""


class EstimatorCache:
    """The estimators used last, by their digest, as many as fit.

    Units: `most_bytes` in bytes of memory, about.
    """

    def __init__(self, database: Database, most_bytes: int = MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: OrderedDict[str, tuple[Estimator, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, target: ResolvedVersion) -> Estimator:
        """Return a version's estimator, from memory or from the registry.

        Raises: NotFoundError, ArtifactError, DatabaseError; EstimatorError where another release wrote it.
        """
        with self._lock:
            held = self._held.get(target.digest)
            if held is not None:
                self._held.move_to_end(target.digest)
                return held[0]
        # Loaded without the lock: another thread may do the same, and two equal estimators do no harm.
        with self._database.read() as connection:
            data = load_estimator(connection, target.model, target.version)
        estimator = Estimator.from_bytes(data)
        self._hold(target.digest, estimator, 2 * len(data) + OVERHEAD_BYTES)
        return estimator

    def _hold(self, digest: str, estimator: Estimator, size: int) -> None:
        with self._lock:
            if digest not in self._held:
                self._bytes += size
            self._held[digest] = estimator, size
            while self._bytes > self._most_bytes and len(self._held) > 1:
                _, (_, dropped) = self._held.popitem(last=False)
                self._bytes -= dropped
