"""The figures of every epoch are stored, and those of layers for epochs with round numbers."""

import math

from model.training.report import EpochReport, LayerReport
from worker.epoch_row import is_round, to_epoch


def report(epoch: int) -> EpochReport:
    layers = LayerReport(("0.weights", "0.bias"), (0.5, 0.25), (0.001, math.inf))
    return EpochReport(epoch, 5000, 25 * epoch, 0.01, 0.6, math.nan, None, 1.5, 0.02, layers, 0.125, 1, 2)


def test_every_epoch_has_figures_and_round_epochs_have_layers() -> None:
    rows = {number: to_epoch(report(number)) for number in (100, 101)}
    for number, row in rows.items():
        assert (row.epoch, row.learning_rate, row.train_loss, row.valid_loss) == (number, 0.01, 0.6, None)
        assert (row.valid_auc, row.gradient_norm, row.seconds) == (None, 1.5, 0.02)
        assert (row.dead_units, row.retries, row.stage) == (0.125, 1, 2)
    assert rows[100].layers == [
        {"name": "0.weights", "gradient_norm": 0.5, "update_ratio": 0.001},
        {"name": "0.bias", "gradient_norm": 0.25, "update_ratio": None},
    ]
    assert rows[101].layers is None


def test_a_hundred_times_as_many_epochs_keep_three_times_as_many_layers() -> None:
    assert sum(map(is_round, range(1, 101))) == 100
    assert sum(map(is_round, range(1, 10_001))) == 100 + 90 + 90
