"""What is kept of what a training tells after an epoch."""

import math

from model.training.report import EpochReport, LayerReport
from store.jobs.heartbeat import EpochRow

Layers = list[dict[str, object]]


def row_of(report: EpochReport) -> EpochRow:
    """Return the row of an epoch: its figures always, and what each layer did if the number of the epoch is round."""
    return EpochRow(
        report.epoch,
        report.learning_rate,
        report.train_loss,
        None if report.valid_loss is None else _finite(report.valid_loss),
        report.valid_auc,
        report.gradient_norm,
        report.seconds,
        _layers(report.layers) if report.layers is not None and is_round(report.epoch) else None,
        report.dead_units,
        report.retries,
    )


def is_round(epoch: int) -> bool:
    """Tell whether a number has no more than two digits before its zeros, as all up to 100 have.

    What each layer did is most of a row and of the work of storing it: with tens of thousands of short epochs, of which
    nobody compares two neighbours, it would take more time than they do.

    Example:
        >>> [epoch for epoch in (7, 99, 100, 101, 110, 990, 1000, 1010, 1100, 98_000) if is_round(epoch)]
        [7, 99, 100, 110, 990, 1000, 1100, 98000]
    """
    return epoch <= 100 or epoch % 10 ** (len(str(epoch)) - 2) == 0


def _layers(report: LayerReport) -> Layers:
    """Return what is kept of each array of parameters.

    JSON has no infinity, which is what the ratio is while an array holds nothing but zeros.
    """
    names = ("name", "gradient_norm", "update_ratio")
    rows = zip(report.names, map(_finite, report.gradient_norms), map(_finite, report.update_ratios), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
