"""Fitting: trains an estimator on a table by a spec or a portfolio, and yields one report an epoch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.columns import Table, table_warnings
from model.columns.categorical import MOST_CATEGORIES, MOST_EMBEDDED
from model.columns.cells import Cells
from model.columns.declared import with_declared_kinds
from model.columns.encoder import Encoder
from model.columns.finding_warnings import find_warnings, gap_warnings
from model.columns.options import ColumnOptions
from model.columns.phrases import Phrase
from model.columns.reading_warnings import inverted_target
from model.columns.schema import other_columns
from model.columns.table_warnings import is_constant
from model.design import Design, Floats
from model.errors import CheckpointError, Problem, SpecError
from model.estimator.background import Background, check_baseline
from model.estimator.blending import Predictions, blend_of
from model.estimator.estimator import Estimator
from model.estimator.importance import with_reasons
from model.estimator.stages import Stages
from model.evaluation import TrainingFacts, evaluate_training
from model.heads import CATALOG as HEADS
from model.heads import Churn, Head, Number
from model.losses import CATALOG as LOSSES
from model.machine import memory_bytes
from model.names import clipped
from model.network.blend import Blend
from model.network.network import Network
from model.parsing import escape, name_of
from model.spec import Portfolio, Recipe, Spec
from model.split import split
from model.storage import canonical_json, sha256
from model.training.checkpoint import Checkpoint
from model.training.footprint import Shape, SizeLimits, check_size
from model.training.report import EpochReport

CHUNK = 65_536


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
        self.spec = spec = self.recipe.stages[0]  # all stages have the same columns and the same split
        options = dict(spec.columns)
        present = other_columns(list(table.columns), target, id_column)
        _check(spec, present)
        table = with_declared_kinds(table, options)
        self.target, self.id_column = target, id_column
        head, self.y = HEADS[name_of(LOSSES, spec.loss)].read(table.columns[target], target)
        _check_labels(spec, self.y)
        self.split = split(table, self.y, spec, head.strata(self.y))
        self.head: Head = head.fitted(self.y[self.train_rows])
        asked = [name for name in present if name not in options or not options[name].drop]
        names = [name for name in asked if not self._is_useless(table.columns[name])]
        self.left_out = _others(present, names)
        self.warnings = self._warnings({name: table.columns[name] for name in asked}, table.columns[target])
        inputs = Table({name: table.columns[name] for name in names}, table.rows)
        embed_from, scored = None if spec.embedded is None else spec.embedded.at_least, spec.numbers != "scaled"
        train = inputs.take(self.train_rows)
        self.encoder = Encoder.fit(train, names, options, embed_from, scored)
        self.warnings += tuple(warning.to_json() for warning in gap_warnings(self.encoder, train))
        check_baseline(spec.reasons, self.encoder)
        self.cells, _ = self.encoder.read(inputs.columns, inputs.rows)
        design = self._design(len(table.columns), size_limits or SizeLimits(memory_bytes()))
        facts = [len(self.y), float(self.y.sum()), self.encoder.to_json()]
        self.fingerprint = sha256(canonical_json(facts).encode())  # another table gives other facts
        if checkpoint is not None and checkpoint.header.get("table") != self.fingerprint:
            raise CheckpointError("the checkpoint is from a training on another table: start afresh")
        self.stages = Stages(self.recipe.stages, design, checkpoint)
        self._found: tuple[int, tuple[Network | Blend, Floats, Floats]] | None = None  # for this number of epochs

    def _is_useless(self, cells: Cells) -> bool:
        """Tell whether nothing can be learned from a column: it is constant, or empty in all training rows."""
        return is_constant(cells) or bool(cells.missing[self.train_rows].all())

    def _warnings(self, columns: Mapping[str, Cells], target: Cells) -> tuple[dict[str, Any], ...]:
        """Return the warnings of the columns and the target, and of a portfolio that has no networks."""
        outcomes = self.y if isinstance(self.head, Churn) else None
        found = find_warnings(columns, outcomes, MOST_CATEGORIES if self.spec.embedded is None else MOST_EMBEDDED)
        found += tuple(
            table_warnings.empty(name, "training row")
            for name, cells in columns.items()
            if self._is_useless(cells) and not is_constant(cells)
        )
        if isinstance(self.recipe, Portfolio) and not any(stage.layers for stage in self.recipe.stages):
            found += (table_warnings.few_rows(len(self.y)),)
        if outcomes is not None:
            found += inverted_target(self.target, target)
        return tuple(warning.to_json() for warning in found)

    def _design(self, columns: int, limits: SizeLimits) -> Design:
        """Return the design of all rows; refuse stages that are too large. `columns` counts those of the table."""
        encoder, labels = self.encoder, self.head.labels(self.y)
        outputs, features = self.spec.loss.outputs(labels), len(encoder.features)
        shape = Shape(len(self.y), columns, features, encoder.codes, outputs, encoder.numbers)
        check_size(self.recipe.stages, shape, limits)
        X, split = self._encoded(dict(self.spec.columns)), self.split
        return Design(X, labels, None, split.train, split.valid, encoder.codes, split.folds, encoder.numbers)

    def _encoded(self, options: Mapping[str, ColumnOptions]) -> Floats:
        """Return the design matrix of all rows."""
        X = np.empty((self.cells.rows, len(self.encoder.features)), self.spec.dtype)
        with np.errstate(over="ignore"):
            for rows in _chunks(len(X)):
                X[rows] = self.encoder.encode(self.cells.take(rows))
        _check_scaled(options, self.encoder, X)
        return X

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
        predictions = Predictions.of(networks, self._features, _chunks(self.cells.rows), self.split.folds)
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


def _chunks(rows: int) -> Iterator[NDArray[np.int64]]:
    """Yield the row numbers in pieces, so that memory never holds float64 features of all rows."""
    for start in range(0, rows, CHUNK):
        yield np.arange(start, min(start + CHUNK, rows))


def _others(names: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    without = frozenset(chosen)
    return tuple(name for name in names if name not in without)


def _check(spec: Spec, present: list[str]) -> None:
    problems = [
        Problem(f"/columns/{escape(name)}", "unknown", f"the table has no input column {clipped(name)!r}")
        for name in _others((name for name, _ in spec.columns), present)
    ]
    if spec.class_weight is not None and HEADS[name_of(LOSSES, spec.loss)] is Number:
        problems.append(Problem("/class_weight", "conflict", "needs a loss of classes: leave it null for this loss"))
    if problems:
        raise SpecError(problems)


def _check_scaled(options: Mapping[str, ColumnOptions], encoder: Encoder, X: Floats) -> None:
    """Refuse scales and offsets that make numbers too large for the type of the network."""
    problems = [
        Problem(
            f"/columns/{escape(name)}/scale", "range", f"makes numbers of this column too large for {X.dtype}: raise it"
        )
        for name, group in zip(encoder.names, encoder.groups, strict=True)
        if name in options and not np.isfinite(X[:, group.start : group.stop]).all()
    ]
    if problems:
        raise SpecError(problems)


def _check_labels(spec: Spec, y: Floats) -> None:
    if isinstance(spec.class_weight, tuple):
        last = int(y.max())
        unknown = [label for label, _ in spec.class_weight if int(label) > last]
        detail = f"is not a label of this target: its labels are 0 to {last}"
        if unknown:
            raise SpecError(Problem(f"/class_weight/{label}", "unknown", detail) for label in unknown)
