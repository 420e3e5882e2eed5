"""Measures all libraries on one case, in turn: python -m peers.measure CASE, from this folder, prints JSON.

It runs in a separate process because the number of threads must be set before the libraries are loaded.
"""

import json
import os
import sys
from statistics import median
from time import perf_counter, process_time
from typing import Any

from peers import installed, runners
from peers.case import CASES, Case
from peers.runner import Runner
from peers.threads import Placing, settle


def environment(threads: int) -> dict[str, str]:
    """Return the environment of this process with a number of threads, and with the kernel that OpenBLAS chooses."""
    ours = {key: value for key, value in os.environ.items() if key not in {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}}
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return ours | dict.fromkeys(names, str(threads)) | {"JAX_PLATFORMS": "cpu"}


class Race:
    """All installed libraries, prepared for one case."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._ways: dict[str, list[Runner]] = {}
        self.prepared: dict[str, float] = {}
        for peer in installed():
            started = perf_counter()
            self._ways[peer] = runners(peer, case)
            self.prepared[peer] = perf_counter() - started
        self._placing = Placing()

    def timed(self, runner: Runner) -> float:
        """Seconds of one training from the initial weights.

        With one thread this is the processor time. It equals the wall clock time of an idle machine, and other
        processes do not change it. With more threads it is the wall clock time.
        """
        clock = process_time if self._case.threads == 1 else perf_counter
        runner.set_up()
        self._placing.soon()
        started = clock()
        runner.train()
        return clock() - started

    def run(self) -> dict[str, Any]:
        """Train A B C A B C …; return the times of each."""
        case, result = self._case, {}
        entrants = {peer: self._fastest(peer) for peer in self._ways}
        for peer, entrant in entrants.items():
            losses = [case.loss(weights) for weights in entrant.weights()]
            result[peer] = {"label": entrant.label, "losses": losses, "prepared": self.prepared[peer], "seconds": []}
        for _ in range(case.rounds):
            for peer, entrant in entrants.items():
                result[peer]["seconds"].append(self.timed(entrant))
        for found in result.values():
            found["step"] = median(found["seconds"]) / case.steps / len(found["losses"])
        return result

    def _fastest(self, peer: str) -> Runner:
        """Train by each way of a peer, twice if there are several; return the fastest."""
        ways = self._ways[peer]
        first = [self.timed(way) for way in ways]
        again = [self.timed(way) for way in ways] if len(ways) > 1 or peer == "JAX" else first
        best = [min(pair) for pair in zip(first, again, strict=True)]
        self.prepared[peer] += first[0] - best[0]
        return ways[best.index(min(best))]


def disagreement(result: dict[str, Any]) -> float:
    """Return the largest difference between a peer's final loss and Ebb's, over the members that both trained."""
    ours = result["Ebb"]["losses"]
    return max(abs(a - b) for found in result.values() for a, b in zip(found["losses"], ours, strict=False))


if __name__ == "__main__":
    chosen = CASES[sys.argv[1]]
    settle(chosen.threads)
    print(json.dumps(Race(chosen).run()))
