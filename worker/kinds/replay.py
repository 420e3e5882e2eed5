"""A replay: repeats the training of a version and compares the bytes; it adds no version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from model.environment import RECORDED
from store.database import Connection
from store.jobs.claim import Claim
from store.jobs.finish import succeed
from store.registry.versions import get_version
from store.rows import VersionRow
from worker.kinds.training import Training
from worker.outages import retry_through_outages
from worker.work import Completion


@dataclass
class Replay(Training):
    """One attempt at one replay."""

    def completion(self) -> Completion:
        """Return the transaction that stores how the replayed estimator compares with the version's."""
        replayed, job = self.estimator.weights_sha256, self.data.job
        row = retry_through_outages(self._version)
        result = {
            "model": job.model,
            "version": row.version,
            "equal": replayed == row.weights_sha256,
            "weights_sha256": row.weights_sha256,
            "replayed_sha256": replayed,
            "environment_differs": differences(row.environment, self.environment),
        }

        def end(connection: Connection, claim: Claim) -> str:
            succeed(connection, claim, result)
            return f"replayed version {row.version} of {job.model}: {'equal' if result['equal'] else 'other'} bytes"

        return end

    def _version(self) -> VersionRow:
        with self.database.read() as connection:
            return get_version(connection, self.data.job.model, int(self.data.job.params["version"]))


def differences(then: Mapping[str, Any], here: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the differences of two numerical environments, and which of them can change the bytes of a result.

    Example:
        >>> differences({"numpy": "2.2.0", "cores": 2}, {"numpy": "2.3.0", "cores": 2})
        [{'name': 'numpy', 'then': '2.2.0', 'here': '2.3.0', 'decides_bits': True}]
    """
    return [
        {"name": name, "then": then.get(name), "here": here.get(name), "decides_bits": name not in RECORDED}
        for name in sorted(then.keys() | here.keys())
        if then.get(name) != here.get(name)
    ]
