"""Writes scored chunks to an output, and counts their rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from model.columns.table_warnings import TableWarning
from model.estimator import Estimator
from model.outputs.output import Output
from model.scoring import ScoredChunk


@dataclass
class ScoringSummary:
    """The counts of a scored file: its rows, and the rows that could not be scored.

    `unseen` counts scored rows with a category that training did not see, `imputed` those without a value, both by
    column. `first_error` names the first row that could not be scored, and says why. `ignored` names columns that
    training never saw. `without_ids` names the id column that the file lacks.
    `reading` are the warnings about how the file is read, in the form of the API.
    """

    rows: int = 0
    errors: int = 0
    first_error: str | None = None
    unseen: Counter[str] = field(default_factory=Counter)
    imputed: Counter[str] = field(default_factory=Counter)
    ignored: tuple[str, ...] = ()
    without_ids: str | None = None
    reading: tuple[Mapping[str, Any], ...] = ()

    def add(self, scored: ScoredChunk, estimator: Estimator) -> None:
        """Count the rows of a chunk."""
        if scored.problems and self.first_error is None:
            row = min(scored.problems)
            self.first_error = f"row {self.rows + row + 1}: {scored.problems[row][0].detail}"
        self.rows += len(scored.ids)
        self.without_ids = estimator.id_column if scored.numbered else self.without_ids
        self.errors += len(scored.problems)
        cells = scored.cells.without(scored.problems) if scored.problems else scored.cells
        self.unseen.update({name: count for name, count in estimator.unseen(cells).items() if count})
        self.imputed.update(cells.missing())
        self.ignored = tuple(dict.fromkeys((*self.ignored, *scored.ignored)))  # NDJSON chunks may differ in columns

    def warnings(self) -> list[str]:
        """Return warnings about probable mistakes in the file.

        Example:
            >>> ScoringSummary(rows=9, imputed=Counter(tenure=9, plan=2), ignored=("tenur",)).warnings()
            ["column 'tenur' was ignored: training saw no column of that name", \
"column 'tenure' has no values; they were imputed"]
        """
        scored = self.rows - self.errors
        why = "" if self.first_error is None else f"; the first is {self.first_error}"
        numbered = f"the table has no id column {self.without_ids!r}: its rows are numbered from 1, in a column row"
        return (
            [str(warning["detail"]) for warning in self.reading]
            + [numbered] * (self.without_ids is not None)
            + [f"column {name!r} was ignored: training saw no column of that name" for name in self.ignored]
            + ([f"{self.errors:,} of {self.rows:,} rows cannot be scored{why}"] if self.errors else [])
            + [
                f"column {name!r} has no values; they were imputed"
                for name, count in sorted(self.imputed.items())
                if 0 < scored == count
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counts in the form of a scoring job's result."""
        counted = {name: dict(sorted(getattr(self, name).items())) for name in ("unseen", "imputed")}
        why = {} if self.first_error is None else {"first_error": self.first_error}
        without = {} if self.without_ids is None else {"without_ids": self.without_ids}
        warnings = {"warnings": list(self.reading)} if self.reading else {}
        return {
            "rows": self.rows,
            "errors": self.errors,
            **why,
            **counted,
            "ignored": list(self.ignored),
            **without,
            **warnings,
        }

    @classmethod
    def from_json(cls, result: Mapping[str, Any]) -> Self:
        """Return the counts of a scoring job's result. Results of earlier releases have fewer counts."""
        unseen, imputed = (Counter(result.get(name, {})) for name in ("unseen", "imputed"))
        ignored, without_ids = tuple(result.get("ignored", ())), result.get("without_ids")
        reading = tuple(result.get("warnings", ()))
        rows, errors, why = int(result["rows"]), int(result["errors"]), result.get("first_error")
        return cls(rows, errors, why, unseen, imputed, ignored, without_ids, reading)


def write_scores(
    estimator: Estimator,
    chunks: Iterator[ScoredChunk],
    output: Output,
    out: BinaryIO,
    warnings: Iterable[TableWarning] = (),
) -> ScoringSummary:
    """Write all chunks, and return their counts; `warnings` are those about how the file is read."""
    summary = ScoringSummary(reading=tuple(warning.to_json() for warning in warnings))
    for scored in chunks:
        out.write(output.rows(scored))
        summary.add(scored, estimator)
    out.write(output.end())
    return summary
