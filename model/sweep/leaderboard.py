"""The leaderboard of a sweep: its standings, which decide who trains on, what comes next, and who wins."""

from collections.abc import Iterable, Sequence

import numpy as np

from model.errors import SweepError
from model.sweep.halving import Rung
from model.sweep.standing import Standing


class Leaderboard:
    """The standings of all configurations, by rung."""

    def __init__(self, rungs: Sequence[Rung], standings: Iterable[Standing] = ()) -> None:
        self.rungs = tuple(rungs)
        self._rungs: list[dict[int, Standing]] = [{} for _ in rungs]
        for standing in standings:
            self.add(standing)

    def add(self, standing: Standing) -> None:
        """Add the standing of a configuration at the end of a rung."""
        self._rungs[standing.rung][standing.configuration] = standing

    @property
    def standings(self) -> list[Standing]:
        """All standings: of a configuration one for each of its rungs."""
        return [standing for rung in self._rungs for standing in rung.values()]

    def rows(self) -> list[Standing]:
        """Return the last standing of each configuration, the best first."""
        return sorted(self._last().values(), key=lambda standing: standing.place)

    def at(self, rung: int, configuration: int) -> Standing | None:
        """Return the standing of a configuration at the end of a rung; None before."""
        return self._rungs[rung].get(configuration) if rung >= 0 else None

    def next(self) -> tuple[int, int] | None:
        """Return the rung and the configuration to train next; None after the last.

        Raises: SweepError where no configuration can be trained.
        """
        for rung in range(len(self.rungs)):
            for configuration in self._taking_part(rung):
                if configuration not in self._rungs[rung]:
                    return rung, configuration
        return None

    def may_train_on(self, configuration: int) -> bool:
        """Tell whether a configuration may still be trained, or win, by what is known now."""
        last = max((n for n, rung in enumerate(self._rungs) if configuration in rung), default=-1)
        if last < 0:
            return True
        places = self.rungs[last + 1].configurations if last + 1 < len(self.rungs) else 1
        ahead = sorted(self._rungs[last].values(), key=lambda standing: standing.order)[:places]
        return any(one.configuration == configuration and one.loss is not None for one in ahead)

    def order(self, configuration: int) -> tuple[bool, float, int]:
        """Return the sort key of a configuration by its last standing."""
        return self._last()[configuration].order

    def _last(self) -> dict[int, Standing]:
        return {standing.configuration: standing for standing in self.standings}

    def winner(self) -> Standing:
        """Return the best of the last rung."""
        return self._ranked(len(self.rungs) - 1)[0]

    def runner_up(self) -> Standing | None:
        """Return the second best of the last rung; None where all others failed."""
        ranked = self._ranked(len(self.rungs) - 1)
        return ranked[1] if len(ranked) > 1 else None

    def optimism(self) -> float:
        """Estimate by how much the winner's loss is too low, because it is the lowest of many.

        It is the mean over the folds of the winner's loss less the lowest loss of any configuration on that fold.
        A configuration that trained fewer epochs counts with its last loss, so that the estimate is rather low.

        Source: Tibshirani, Tibshirani: A bias correction for the minimum error rate in cross-validation, Annals of
        Applied Statistics 3, 2009.
        """
        folds = np.array([standing.fold_losses for standing in self._last().values() if standing.loss is not None])
        return float(np.mean(self.winner().fold_losses - folds.min(0)))

    def _taking_part(self, rung: int) -> list[int]:
        """Return the configurations of a rung in their order, as soon as the rung before is complete."""
        if rung == 0:
            return list(range(self.rungs[0].configurations))
        best = self._ranked(rung - 1)[: self.rungs[rung].configurations]
        return sorted(standing.configuration for standing in best)

    def _ranked(self, rung: int) -> list[Standing]:
        """Return the configurations of a complete rung that have a loss, the best first."""
        standings = sorted(self._rungs[rung].values(), key=lambda standing: standing.order)
        if (found := [standing for standing in standings if standing.loss is not None]) or not standings:
            return found
        first = standings[0]
        raise SweepError(f"no configuration could be trained; configuration {first.configuration}: {first.error}")
