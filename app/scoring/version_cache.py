"""Caches of versions: which version an alias points at, and the estimators of versions."""

import threading
from collections import OrderedDict

from app.edge.ttl_cache import KEPT_SECONDS, TtlCache
from model.estimator import Estimator
from store.database import Database
from store.registry.resolve import ResolvedVersion, resolve_alias, resolve_version
from store.registry.versions import load_estimator

VERSION_SECONDS = 60.0
"""How long a version is cached. It never changes, but it may be deleted, or a restored backup may lack it."""
MOST_BYTES = 256 * 1024**2
OVERHEAD_BYTES = 64 * 1024
"""The approximate memory of an estimator beside its arrays."""


class VersionCache:
    """Versions by alias and by number.

    Units: `seconds` in seconds, for aliases.
    """

    def __init__(self, database: Database, seconds: float = KEPT_SECONDS) -> None:
        self._aliases: TtlCache[tuple[str, str], ResolvedVersion] = TtlCache(
            database, lambda connection, key: resolve_alias(connection, *key), seconds
        )
        self._versions: TtlCache[tuple[str, int], ResolvedVersion] = TtlCache(
            database, lambda connection, key: resolve_version(connection, *key), VERSION_SECONDS
        )

    def by_alias(self, model: str, alias: str) -> ResolvedVersion:
        """Return the version that an alias points at.

        Raises: NotFoundError; DatabaseError during an outage.
        """
        return self._aliases.get((model, alias))

    def by_version(self, model: str, version: int) -> ResolvedVersion:
        """Return the version of this number.

        Raises: NotFoundError; DatabaseError during an outage.
        """
        return self._versions.get((model, version))

    def forget(self, model: str, alias: str) -> None:
        """Read the alias again next time, because this process has moved it."""
        self._aliases.forget((model, alias))

    def forget_version(self, model: str, version: int) -> None:
        """Read the version again next time, because this process has deleted it."""
        self._versions.forget((model, version))


class EstimatorCache:
    """The estimators that were used last, by digest, up to `most_bytes`. They are immutable, so threads share them.

    Units: `most_bytes` in bytes of memory, approximately.
    """

    def __init__(self, database: Database, most_bytes: int = MOST_BYTES) -> None:
        self._database = database
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: OrderedDict[str, tuple[Estimator, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: ResolvedVersion) -> Estimator:
        """Return a version's estimator, from memory or from the registry.

        Raises: NotFoundError, ArtifactError, DatabaseError; EstimatorError if another release wrote it.
        """
        with self._lock:
            held = self._held.get(version.digest)
            if held is not None:
                self._held.move_to_end(version.digest)
                return held[0]
        # Loaded without the lock: two threads may load the same estimator, which is harmless.
        with self._database.read() as connection:
            data = load_estimator(connection, version.model, version.version)
        estimator = Estimator.from_bytes(data)
        self._hold(version.digest, estimator, 2 * len(data) + OVERHEAD_BYTES)
        return estimator

    def _hold(self, digest: str, estimator: Estimator, size: int) -> None:
        with self._lock:
            if digest not in self._held:
                self._bytes += size
            self._held[digest] = estimator, size
            while self._bytes > self._most_bytes and len(self._held) > 1:
                _, (_, dropped) = self._held.popitem(last=False)
                self._bytes -= dropped
