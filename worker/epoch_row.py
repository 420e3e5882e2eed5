"""Turns the engine's report of an epoch into the epoch that is stored."""

import math

from model.training.report import EpochReport, LayerReport
from store.jobs.epoch import FIGURES, Epoch, LayerUpdate

COPIED = [name for name in FIGURES if name != "valid_loss"]


def to_epoch(report: EpochReport) -> Epoch:
    """Return the epoch to store: every figure, and the layers' norms where the epoch's number is round."""
    return Epoch(
        **{name: getattr(report, name) for name in COPIED},
        valid_loss=None if report.valid_loss is None else _finite(report.valid_loss),
        layers=_layers(report.layers) if report.layers is not None and is_round(report.epoch) else None,
    )


def is_round(epoch: int) -> bool:
    """Return whether a number has at most two digits before its zeros, as all up to 100 have.

    The layers' norms are most of a row. To store them for each of tens of thousands of short epochs would take more
    time than the training, and nobody compares neighbours among so many.

    Example:
        >>> [epoch for epoch in (7, 99, 100, 101, 110, 990, 1000, 1010, 1100, 98_000) if is_round(epoch)]
        [7, 99, 100, 110, 990, 1000, 1100, 98000]
    """
    return epoch <= 100 or epoch % 10 ** (len(str(epoch)) - 2) == 0


def _layers(report: LayerReport) -> list[LayerUpdate]:
    """Return the norms of each array of parameters; JSON has no infinity, the ratio of an array of zeros."""
    rows = zip(report.names, report.gradient_norms, report.update_ratios, strict=True)
    return [
        {"name": name, "gradient_norm": _finite(norm), "update_ratio": _finite(ratio)} for name, norm, ratio in rows
    ]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
