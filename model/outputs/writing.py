"""Writing what was scored, and counting it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from model.estimator import Estimator
from model.outputs.output import Output
from model.scoring import ScoredChunk


@dataclass
class ScoringSummary:
    """What a file came to: how many rows, how many of them could not be scored, and what was made of the others.

    `unseen` and `imputed` count, by column, rows that were scored though they hold a category that training did not
    see, or no value. `ignored` names columns that training never saw.
    """

    rows: int = 0
    errors: int = 0
    unseen: Counter[str] = field(default_factory=Counter)
    imputed: Counter[str] = field(default_factory=Counter)
    ignored: tuple[str, ...] = ()

    def add(self, scored: ScoredChunk, estimator: Estimator) -> None:
        """Count some rows."""
        self.rows += len(scored.ids)
        self.errors += len(scored.faults)
        cells = scored.cells.without(scored.faults) if scored.faults else scored.cells
        self.unseen.update({name: count for name, count in estimator.unseen(cells).items() if count})
        self.imputed.update(cells.missing())
        self.ignored = tuple(dict.fromkeys((*self.ignored, *scored.ignored)))  # of NDJSON each chunk may bring others

    def warnings(self) -> list[str]:
        """Return what whoever sent the file may not have meant, in sentences.

        Example:
            >>> ScoringSummary(rows=9, imputed=Counter(tenure=9, plan=2), ignored=("tenur",)).warnings()
            ["column 'tenur' was ignored, for training saw none of that name", \
"column 'tenure' has no values; they were imputed"]
        """
        scored = self.rows - self.errors
        return [f"column {name!r} was ignored, for training saw none of that name" for name in self.ignored] + [
            f"column {name!r} has no values; they were imputed"
            for name, count in sorted(self.imputed.items())
            if 0 < scored == count
        ]

    def to_json(self) -> dict[str, Any]:
        """Return it as a scoring job's result tells it."""
        counted = {name: dict(sorted(getattr(self, name).items())) for name in ("unseen", "imputed")}
        return {"rows": self.rows, "errors": self.errors, **counted, "ignored": list(self.ignored)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Return what a scoring job's result tells; one of an earlier release tells less."""
        unseen, imputed = (Counter(told.get(name, {})) for name in ("unseen", "imputed"))
        return cls(int(told["rows"]), int(told["errors"]), unseen, imputed, tuple(told.get("ignored", ())))


def write_scores(estimator: Estimator, chunks: Iterator[ScoredChunk], output: Output, out: BinaryIO) -> ScoringSummary:
    """Write what was scored, and return what it came to."""
    summary = ScoringSummary()
    for scored in chunks:
        out.write(output.rows(scored))
        summary.add(scored, estimator)
    out.write(output.end())
    return summary
