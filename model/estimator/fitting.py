"""Fitting: trains an estimator on a table by a spec or a portfolio, and yields one report an epoch."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.columns.phrases import Phrase
from model.design import Floats
from model.errors import CheckpointError
from model.estimator.background import Background
from model.estimator.blending import Predictions, blend_of
from model.estimator.estimator import Estimator
from model.estimator.importance import with_reasons
from model.estimator.stages import Stages
from model.estimator.training_table import TrainingTable, row_chunks
from model.evaluation import TrainingFacts, evaluate_training
from model.heads import Churn, Head
from model.machine import memory_bytes
from model.network.blend import Blend
from model.network.network import Network
from model.spec import Recipe
from model.training.checkpoint import Checkpoint
from model.training.footprint import SizeLimits
from model.training.report import EpochReport


class Fitting:
    """Trains an estimator on a table.

    Columns are fitted on the training rows only. Constant and empty columns are left out with a warning.

    The loss of the spec sets the kind of the target: churn, one of several classes, or a number. A portfolio learns
    churn: it trains several ensembles, one after the other, and blends them by the rows that they held out.

    Raises: TableError when there are too few rows, or rows of one outcome only; ColumnError when a column is missing or
    cannot be learned from; SpecError when the spec does not suit the table; CheckpointError when the checkpoint belongs
    to another spec or table. By default `size_limits` is the memory that this process may use.
    """

    def __init__(  # noqa: PLR0913 - table, spec and limits
        self,
        table: Table,
        *,
        target: str,
        id_column: str | None = None,
        spec: Recipe,
        checkpoint: Checkpoint | None = None,
        size_limits: SizeLimits | None = None,
    ) -> None:
        self.read_as = table.read_as
        self.recipe = spec.planned(table.rows)
        self.spec = self.recipe.stages[0]  # all stages have the same columns and the same split
        self.target, self.id_column = target, id_column
        inputs = TrainingTable.of(table, target, id_column, self.recipe)
        self.y, self.split, self.head = inputs.y, inputs.split, inputs.head
        self.encoder, self.cells = inputs.encoder, inputs.cells
        self.left_out, self.warnings = inputs.left_out, inputs.warnings
        self.fingerprint = inputs.fingerprint
        design = inputs.design(self.recipe.stages, len(table.columns), size_limits or SizeLimits(memory_bytes()))
        if checkpoint is not None and checkpoint.header.get("table") != self.fingerprint:
            raise CheckpointError("the checkpoint is from a training on another table: start afresh")
        self.stages = Stages(self.recipe.stages, design, checkpoint)
        self._found: tuple[int, tuple[Network | Blend, Floats, Floats]] | None = None  # for this number of epochs

    def epochs(self) -> Iterator[EpochReport]:
        """Yield one report an epoch until the last epoch or an early stop, with losses in the units of the target."""
        unit = self.head.loss_unit
        for report in self.stages.epochs():
            held = None if report.valid_loss is None else report.valid_loss * unit
            yield replace(report, train_loss=report.train_loss * unit, valid_loss=held)

    @property
    def train_rows(self) -> NDArray[np.int64]:
        """The rows that at least one member trains on."""
        return self.split.train

    @property
    def valid_rows(self) -> NDArray[np.int64]:
        """The rows that are held out. With folds these are all rows, each held out by one member."""
        return self.split.valid

    @property
    def epochs_done(self) -> int:
        """The number of the last reported epoch, or of the epoch that the checkpoint was taken after."""
        return self.stages.done["epochs"]

    @property
    def epochs_planned(self) -> int:
        """The most epochs of the training."""
        return self.stages.planned_epochs

    @property
    def steps_taken(self) -> int:
        """The number of steps in this process, including those of the current epoch."""
        return self.stages.steps_taken

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report. A fitting that continues from it ends with the same bytes."""
        state = self.stages.checkpoint()
        return Checkpoint({**state.header, "table": self.fingerprint}, state.arrays)

    def estimator(self) -> Estimator:
        """Return the estimator with the best parameters so far, calibrated on the validation rows."""
        network, logits, held_out = self._outcome()
        head, metrics = self._measured(logits, held_out)
        estimator = Estimator(
            encoder=self.encoder,
            network=network,
            background=Background.typical(self.encoder),
            target=self.target,
            id_column=self.id_column,
            left_out=self.left_out,
            spec=self.recipe.to_json(),
            metrics=metrics,
            warnings=self.warnings,
            head=head,
            phrases={name: Phrase.of(name, each) for name, each in self.spec.columns if each.words},
        )
        return with_reasons(estimator, self.spec.reasons, self.cells, self.y, self.split)

    def validation_log_odds(self) -> Floats:
        """Return log-odds of the validation rows from networks and calibrations that were not fitted on these rows."""
        return self.head.calibrated(self.y[self.valid_rows], self._outcome()[2])[1]

    def _outcome(self) -> tuple[Network | Blend, Floats, Floats]:
        """Return the network, its logits of all rows, and those of the validation rows by members that held them out.

        With folds, a row gets the logit of the member that holds it out. A mean over members varies less than a member.
        For churn the logits are shrunk by that ratio, the variance of the members' mean over the mean of the members'
        variances. Otherwise the calibration would shrink the scores a second time.
        """
        if self._found is not None and self._found[0] == self.epochs_done:
            return self._found[1]
        networks, valid = self.stages.networks(), self.valid_rows
        predictions = Predictions.of(networks, self._features, row_chunks(self.cells.rows), self.split.folds)
        network, weights = blend_of(self.y[valid], networks, predictions.own[:, valid])
        logits, own, squares = predictions.blended(weights)
        held_out = own[valid]
        if self.split.folds is not None and isinstance(self.head, Churn) and squares > 0.0:
            shared = float(np.square(logits - logits.mean()).sum()) / squares
            held_out = held_out.mean() + shared * (held_out - held_out.mean())
        self._found = self.epochs_done, (network, logits, held_out)
        return self._found[1]

    def _features(self, rows: NDArray[np.int64]) -> Floats:
        return self.encoder.encode(self.cells.take(rows))

    def _measured(self, logits: Floats, held_out: Floats) -> tuple[Head, dict[str, Any]]:
        """Return the calibrated head, and losses and quality in float64."""
        y, train, valid = self.y, self.train_rows, self.valid_rows
        head, held, figures = self.head.calibrated(y[valid], held_out)
        metrics: dict[str, Any] = {
            "rows": len(y),
            "train_rows": len(train),
            "valid_rows": len(valid),
            **head.facts(y),
            "train_loss": head.loss(y[train], head.scaled(logits[train])),
            "valid_loss": head.loss(y[valid], held) if len(valid) else None,
            head.metric: head.quality(y[valid], head.scaled(held_out)) if len(valid) else None,
            **figures,
            **self.stages.done,
            **({"read_as": dict(self.read_as)} if self.read_as else {}),
        }
        if isinstance(head, Churn):
            facts = TrainingFacts(self.cells, self.split, self.spec.seed, self.stages.improving)
            metrics["evaluation"] = evaluate_training(y, held, facts)
        return head, metrics
