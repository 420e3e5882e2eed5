"""Fitting: trains an estimator on a table by a spec, and yields one report an epoch."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.columns import Table
from model.columns.categorical import MOST_CATEGORIES, MOST_EMBEDDED
from model.columns.declared import with_declared_kinds
from model.columns.encoder import Encoder
from model.columns.options import ColumnOptions
from model.columns.phrases import Phrase
from model.columns.schema import other_columns
from model.columns.table_warnings import find_warnings, is_constant
from model.design import Design, Floats
from model.errors import CheckpointError, Problem, SpecError
from model.estimator.background import Background, check_baseline
from model.estimator.estimator import Estimator
from model.estimator.importance import with_reasons
from model.evaluation import TrainingFacts, evaluate_training
from model.heads import CATALOG as HEADS
from model.heads import Churn, Head, Number
from model.losses import CATALOG as LOSSES
from model.machine import memory_bytes
from model.names import clipped
from model.network.network import Network
from model.parsing import escape, name_of
from model.spec import Spec
from model.split import split
from model.storage import canonical_json, sha256
from model.training.checkpoint import Checkpoint
from model.training.footprint import Shape, SizeLimits, check_size
from model.training.trainer import EpochReport, Trainer

CHUNK = 65_536


class Fitting:
    """Trains an estimator on a table.

    Columns are fitted on the training rows only. Constant columns are left out with a warning.

    The loss of the spec sets the kind of the target: churn, one of several classes, or a number.

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
        spec: Spec,
        checkpoint: Checkpoint | None = None,
        size_limits: SizeLimits | None = None,
    ) -> None:
        options = dict(spec.columns)
        present = other_columns(list(table.columns), target, id_column)
        table = _checked(spec, present, table)
        self.spec, self.target, self.id_column = spec, target, id_column
        head, self.y = HEADS[name_of(LOSSES, spec.loss)].read(table.columns[target], target)
        _check_labels(spec, self.y)
        self.split = split(table, self.y, spec, head.strata(self.y))
        self.head: Head = head.fitted(self.y[self.train_rows])
        asked = [name for name in present if name not in options or not options[name].drop]
        names = [name for name in asked if table.columns[name].missing.all() or not is_constant(table.columns[name])]
        self.left_out = _others(present, names)
        outcomes = self.y if isinstance(head, Churn) else None
        embed_from = None if spec.embedded is None else spec.embedded.at_least
        most = MOST_CATEGORIES if embed_from is None else MOST_EMBEDDED
        self.warnings = tuple(a.to_json() for a in find_warnings({n: table.columns[n] for n in asked}, outcomes, most))
        inputs = Table({name: table.columns[name] for name in names}, table.rows)
        self.encoder = Encoder.fit(
            inputs.take(self.train_rows), names, options, embed_from, spec.numbers == "scaled_and_ranked"
        )
        check_baseline(spec.reasons, self.encoder)
        self.cells, _ = self.encoder.read(inputs.columns, inputs.rows)
        labels, codes, folds = self.head.labels(self.y), self.encoder.codes, self.split.folds
        outputs, features = spec.loss.outputs(labels), len(self.encoder.features)
        shape = Shape(table.rows, len(table.columns), features, codes, outputs, self.encoder.numbers)
        check_size(spec, shape, size_limits or SizeLimits(memory_bytes()))
        X = self._encoded(options)
        design = Design(X, labels, None, self.train_rows, self.valid_rows, codes, folds, self.encoder.numbers)
        facts = [len(self.y), float(self.y.sum()), self.encoder.to_json()]
        self.fingerprint = sha256(canonical_json(facts).encode())  # another table gives other facts
        self.progress_counts = {"epochs": 0, "steps": 0}
        if checkpoint is not None:
            self.progress_counts = self._resumed_progress(checkpoint)
        self.trainer = Trainer(spec, design, checkpoint)

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
        for report in self.trainer.epochs():
            self.progress_counts = {"epochs": report.epoch, "steps": report.steps}
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
        return self.progress_counts["epochs"]

    @property
    def steps_taken(self) -> int:
        """The number of steps in this process, including those of the current epoch."""
        return self.trainer.steps_taken

    def checkpoint(self) -> Checkpoint:
        """Return the state after the last report. A fitting that continues from it ends with the same bytes."""
        state = self.trainer.checkpoint()
        fitting = {"table": self.fingerprint, "done": self.progress_counts}
        return Checkpoint({**state.header, "fitting": fitting}, state.arrays)

    def _resumed_progress(self, checkpoint: Checkpoint) -> dict[str, int]:
        fitting = checkpoint.header.get("fitting", {})
        if fitting.get("table") != self.fingerprint:
            raise CheckpointError("the checkpoint is from a training on another table: start afresh")
        return dict(fitting["done"])

    def estimator(self) -> Estimator:
        """Return the estimator with the best parameters so far, calibrated on the validation rows."""
        network = self.trainer.network()
        head, metrics = self._measured(network)
        estimator = Estimator(
            encoder=self.encoder,
            network=network,
            background=Background.typical(self.encoder),
            target=self.target,
            id_column=self.id_column,
            left_out=self.left_out,
            spec=self.spec.to_json(),
            metrics=metrics,
            warnings=self.warnings,
            head=head,
            phrases={name: Phrase.of(name, each) for name, each in self.spec.columns if each.words},
        )
        return with_reasons(estimator, self.spec.reasons, self.cells, self.y, self.split)

    def validation_log_odds(self) -> Floats:
        """Return log-odds of the validation rows from networks and calibrations that were not fitted on these rows."""
        network = self.trainer.network()
        held_out = self._held_out(network, self._logits(network))
        return self.head.calibrated(self.y[self.valid_rows], held_out)[1]

    def _logits(self, network: Network) -> Floats:
        chunks = (self.cells.take(rows) for rows in _chunks(self.cells.rows))
        return np.concatenate([network.logits(self.encoder.encode(cells)) for cells in chunks])

    def _held_out(self, network: Network, logits: Floats) -> Floats:
        """Return logits of the validation rows from networks that did not train on these rows.

        With folds, a row gets the logit of the member that holds it out. A mean over members varies less than a member.
        For churn the logits are shrunk by that ratio, the variance of the members' mean over the mean of the members'
        variances. Otherwise the calibration would shrink the scores a second time.
        """
        folds = self.split.folds
        if folds is None:
            return logits[self.valid_rows]
        own, squares = np.empty_like(logits), 0.0
        for rows in _chunks(self.cells.rows):
            every = network.member_logits(self.encoder.encode(self.cells.take(rows)))
            own[rows] = every[folds[rows], np.arange(len(rows))]
            squares += float(np.square(every - logits.mean()).sum()) / len(every)
        if not isinstance(self.head, Churn) or squares == 0.0:
            return own
        shared = float(np.square(logits - logits.mean()).sum()) / squares
        return np.asarray(own.mean() + shared * (own - own.mean()))

    def _measured(self, network: Network) -> tuple[Head, dict[str, Any]]:
        """Return the calibrated head, and losses and quality in float64."""
        y, train, valid = self.y, self.train_rows, self.valid_rows
        logits = self._logits(network)
        held_out = self._held_out(network, logits)
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
            **self.progress_counts,
        }
        if isinstance(head, Churn):
            facts = TrainingFacts(self.cells, self.split, self.spec.seed, self.trainer.improving)
            metrics["evaluation"] = evaluate_training(y, held, facts)
        return head, metrics


def _chunks(rows: int) -> Iterator[NDArray[np.int64]]:
    """Yield the row numbers in pieces, so that memory never holds float64 features of all rows."""
    for start in range(0, rows, CHUNK):
        yield np.arange(start, min(start + CHUNK, rows))


def _others(names: Iterable[str], chosen: Iterable[str]) -> tuple[str, ...]:
    without = frozenset(chosen)
    return tuple(name for name in names if name not in without)


def _checked(spec: Spec, present: list[str], table: Table) -> Table:
    """Return the table with columns of the declared kinds."""
    problems = [
        Problem(f"/columns/{escape(name)}", "unknown", f"the table has no input column {clipped(name)!r}")
        for name in _others((name for name, _ in spec.columns), present)
    ]
    if spec.class_weight is not None and HEADS[name_of(LOSSES, spec.loss)] is Number:
        problems.append(Problem("/class_weight", "conflict", "needs a loss of classes: leave it null for this loss"))
    if problems:
        raise SpecError(problems)
    return with_declared_kinds(table, dict(spec.columns))


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
