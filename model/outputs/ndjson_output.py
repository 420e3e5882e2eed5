"""Scored customers as newline-delimited JSON: the objects of the scoring endpoint, one a line."""

import json
from collections.abc import Iterator

from model.outputs.output import Output
from model.scoring import Scored


class NdjsonOutput(Output):
    """One object a line: an id with predictions and reasons, or with the error that kept them from being made."""

    def rows(self, scored: Scored) -> bytes:
        """Return the bytes of these rows."""
        return b"".join(line.encode() + b"\n" for line in self._lines(scored))

    def end(self) -> bytes:
        """Return nothing more."""
        return b""

    def _lines(self, scored: Scored) -> Iterator[str]:
        names = self.layout.head.columns()
        for row, values in enumerate(zip(*self.layout.head.answers(scored.probabilities), strict=True)):
            told: dict[str, object] = {"customer_id": scored.ids[row]}
            if row in scored.faults:
                problem = scored.faults[row][0]
                told["error"] = {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}
            else:
                told |= zip(names, values, strict=True)
                if scored.explained is not None:
                    told["reasons"] = [reason.to_json() for reason in scored.explained.reasons[row]]
                    told["gap"] = scored.explained.gaps[row]
            yield json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
