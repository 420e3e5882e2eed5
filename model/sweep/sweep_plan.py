"""The plan of a sweep: its spec, its configurations and its rungs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from model.columns.declared import text_columns
from model.errors import Problem
from model.parsing import to_plain
from model.spec import Spec
from model.storage import canonical_json, sha256
from model.sweep.changes import Changes
from model.sweep.halving import Halving, Rung, rungs

SPACE = "/space"
"""The pointer of all configurations that are listed or drawn from a space."""


@dataclass(frozen=True)
class SweepPlan:
    """A checked sweep. `pointers` has the place of each configuration in the request, for messages."""

    spec: Spec
    configurations: Sequence[Changes]
    specs: Sequence[Spec]
    pointers: Sequence[str]
    halving: Halving | None = None

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs, up to the longest training."""
        return rungs(len(self.specs), max(spec.epochs for spec in self.specs), self.halving)

    @property
    def text_columns(self) -> list[str]:
        """The columns whose texts are needed: the same for all configurations, which share one table."""
        return text_columns(dict(self.spec.columns))

    @property
    def most_paused(self) -> int:
        """The most trainings that are paused at a time, while another one trains."""
        return max((rung.configurations for rung in self.rungs[1:]), default=1)

    @property
    def epochs(self) -> int:
        """The most epochs that the sweep trains, in all configurations together."""
        ends = [0, *(rung.epochs for rung in self.rungs)]
        return sum(rung.configurations * (rung.epochs - before) for rung, before in zip(self.rungs, ends, strict=False))

    def placed(self, found: Iterable[Sequence[Problem]]) -> list[Problem]:
        """Return the problems of each configuration's spec with their places in the request.

        Configurations of a space have no place of their own: like problems of several are told once, with the first.
        """
        problems, alike = list[Problem](), dict[tuple[str, str], list[tuple[Problem, Changes]]]()
        for changes, pointer, own in zip(self.configurations, self.pointers, found, strict=True):
            for problem in own:
                if pointer == SPACE:
                    alike.setdefault((problem.pointer, problem.code), []).append((problem, changes))
                else:
                    problems.append(replace(problem, pointer=pointer + problem.pointer))
        for (place, code), ((problem, changes), *others) in alike.items():
            more = f", and {len(others)} more" * bool(others)
            detail = f"{place} of the spec, with the changes {canonical_json(changes)}{more}: {problem.detail}"
            problems.append(Problem(SPACE, code, detail))
        return problems

    @property
    def digest(self) -> str:
        """The digest of everything that decides the result, beside the table."""
        return sha256(canonical_json(self.to_json()).encode())

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values, as `parse_plan` reads it; drawn configurations are listed."""
        return {
            "spec": self.spec.to_json(),
            "configurations": [dict(changes) for changes in self.configurations],
            "folds": self.spec.members,
            "halving": None if self.halving is None else to_plain(self.halving),
        }
