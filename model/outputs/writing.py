"""Writing what was scored, and counting it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from model.estimator import Estimator
from model.outputs.output import Output
from model.scoring import Scored


@dataclass
class Tally:
    """What a file came to: how many rows, how many of them could not be scored, and which categories were unknown.

    `unseen` counts, by column, rows that were scored though they hold a category that training did not see.
    """

    rows: int = 0
    errors: int = 0
    unseen: Counter[str] = field(default_factory=Counter)

    def add(self, scored: Scored, estimator: Estimator) -> None:
        """Count some rows."""
        self.rows += len(scored.ids)
        self.errors += len(scored.faults)
        cells = scored.cells
        if scored.faults:
            cells = cells.take(np.delete(np.arange(cells.rows), list(scored.faults)))
        self.unseen.update({name: count for name, count in estimator.unseen(cells).items() if count})


def write_scores(estimator: Estimator, batches: Iterator[Scored], output: Output, out: BinaryIO) -> Tally:
    """Write what was scored, and return what it came to."""
    tally = Tally()
    for scored in batches:
        out.write(output.rows(scored))
        tally.add(scored, estimator)
    out.write(output.end())
    return tally
