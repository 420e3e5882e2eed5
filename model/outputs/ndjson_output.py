"""Writes scored customers as newline-delimited JSON: one object of the scoring endpoint a line."""

import json
from collections.abc import Iterator

from model.outputs.output import Layout, Output
from model.scoring import ScoredChunk


class NdjsonOutput(Output):
    """Writes one object a line: an id with predictions and reasons, or with an error.

    The id is under the name that the dataset has for it and, as in the scoring endpoint, under `customer_id`.
    The pointer of an error begins with the number of the row, from 0, as in the scoring endpoint.
    """

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self._rows = 0

    def rows(self, scored: ScoredChunk) -> bytes:
        """Return the bytes of these rows."""
        lines = b"".join(line.encode() + b"\n" for line in self._lines(scored))
        self._rows += len(scored.ids)
        return lines

    def end(self) -> bytes:
        """Return no bytes."""
        return b""

    def _lines(self, scored: ScoredChunk) -> Iterator[str]:
        names = self.layout.head.columns()
        own = self.layout.name_of_ids(scored)
        named = ("row",) if own == "row" else (own, "customer_id")
        for row, values in enumerate(zip(*self.layout.head.answers(scored.probabilities), strict=True)):
            line: dict[str, object] = dict.fromkeys(named, scored.ids[row])
            if row in scored.problems:
                problem = scored.problems[row][0]
                place = f"/{self._rows + row}{problem.pointer}"
                line["error"] = {"pointer": place, "code": problem.code, "detail": problem.detail}
            else:
                line |= zip(names, values, strict=True)
                if scored.explained is not None:
                    line["reasons"] = [reason.to_json() for reason in scored.explained.reasons[row]]
                    line["gap"] = scored.explained.gaps[row]
            yield json.dumps(line, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
