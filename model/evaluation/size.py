"""Estimates the memory of an evaluation, whose report is made from all rows at once."""

from model.errors import TableError
from model.evaluation.resampling import MOST_ROWS, RESAMPLES
from model.training.footprint import BASE, megabytes

ROW, CELL = 200, 20  # bytes of a row: its outcome, log-odds and ranks; of a cell: in its chunk, and joined
RESAMPLED = 12 * RESAMPLES  # bytes of a row that is resampled


def check_evaluation_size(rows: int, columns: int, most: int | None) -> None:
    """Refuse an evaluation of so many rows and input columns that needs more than `most` bytes; None for no limit.

    Raises: TableError.
    """
    needed = BASE + rows * (ROW + CELL * columns) + min(rows, MOST_ROWS) * RESAMPLED
    if most is not None and needed > most:
        raise TableError(
            f"evaluating {rows:,} rows of {columns:,} columns needs about {megabytes(needed)} of memory, and may take "
            f"{megabytes(most)}: evaluate on a random part of the rows"
        )
