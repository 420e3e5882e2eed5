"""Estimators that this process holds ready: immutable, so any thread may score by them."""

import threading
from collections import OrderedDict

from model.estimator import Estimator
from store.database import Connection
from store.registry.versions import estimator_digest, load_estimator

MOST_HELD = 32


class Estimators:
    """The estimators used last, by model, version and digest."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._held: OrderedDict[tuple[str, int, str], Estimator] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, connection: Connection, model: str, version: int) -> Estimator:
        """Return a version's estimator, from memory or from the registry.

        Raises: NotFoundError, ArtifactError; EstimatorError where another release wrote it.
        """
        key = (model, version, estimator_digest(connection, model, version))
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
                return held
        # Loaded without the lock: another thread may do the same, and two equal estimators do no harm.
        loaded = Estimator.from_bytes(load_estimator(connection, model, version))
        with self._lock:
            self._held[key] = loaded
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return loaded
