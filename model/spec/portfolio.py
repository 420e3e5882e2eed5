"""A portfolio: the specs of several ensembles, planned from the size of a table and the time to spend on it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, get_args

from model.layers.feature_scale import FeatureScale
from model.layers.periodic import Periodic
from model.layers.silu import SiLU
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.optimizers.adam import Adam
from model.optimizers.adamw import AdamW
from model.parsing import to_plain
from model.ranges import Positive
from model.spec.spec import EarlyStopping, Embedded, Spec

Preset: TypeAlias = Literal["quick", "auto", "best"]

PRESETS = get_args(Preset)
SECONDS = {"quick": 5.0, "auto": 60.0, "best": 300.0}  # of one processor, for ROWS rows; grow with the square root
MEMBERS = {"quick": 4, "auto": 8, "best": 10}
UNITS = {"quick": 64, "auto": 64, "best": 96}
ROWS = 10_000
FOLD = 10  # rows that a member holds out, at least
SMALL = 500  # rows: too few to tell a network from logistic regression
COST = 6e-6  # seconds of one processor for a row, an epoch and a member, at most
FEWEST_EPOCHS, MOST_EPOCHS = 6, {"quick": 30, "auto": 40, "best": 60}
HOME_COLUMNS = frozenset({"months", "monthly_charge", "support_tickets", "usage_hours"})
SHARED = ("columns", "reasons", "seed")  # the settings that all stages have in common


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """A training in stages. Each stage trains one ensemble; the logits of all are blended.

    `common` has what all stages share: columns, reasons, seed, and which rows are held out. `stages` holds
    the specs of an earlier plan, so that a training can be repeated; without any, they are planned.

    Units: budget_s in seconds of one processor.
    """

    preset: Preset = "auto"
    budget_s: Positive | None = None
    common: Spec = field(default_factory=Spec)
    stages: tuple[Spec, ...] = ()

    def planned(self, rows: int) -> "Portfolio":
        """Return the portfolio with its stages, for a table of so many rows."""
        return self if self.stages else replace(self, stages=plan(self, rows))

    def to_json(self) -> dict[str, object]:
        """Return the portfolio as JSON values, with every default."""
        common = self.common.to_json()
        held = {name: value for name, value in to_plain(self.common.validation).items() if name != "folds"}
        stages = [{k: v for k, v in stage.to_json().items() if k not in SHARED} for stage in self.stages]
        shared = {name: common[name] for name in SHARED}
        return {"preset": self.preset, "budget_s": self.budget_s, "validation": held, **shared, "stages": stages}


def plan(portfolio: Portfolio, rows: int) -> tuple[Spec, ...]:
    """Return the stages for a table of so many rows: logistic regression, then two families of networks.

    One family learns periodic features of each number, the other reads it as it is: on some tables the features are
    worth much, on others they do harm. Few rows get logistic regression alone.
    """
    members = max(2, min(MEMBERS[portfolio.preset], rows // FOLD))
    linear = _linear(portfolio, rows, members)
    if rows < SMALL:
        return (linear,)
    seconds = portfolio.budget_s or SECONDS[portfolio.preset] * max(1.0, math.sqrt(rows / ROWS))
    families = 1 if portfolio.preset == "quick" else 2
    most = MOST_EPOCHS[portfolio.preset]
    affordable = min(seconds / (COST * rows * families), most * members)  # epochs of one member
    while affordable < FEWEST_EPOCHS * members and members > 2:
        members -= 1
    epochs = min(max(int(affordable / members), FEWEST_EPOCHS), most)
    linear = _linear(portfolio, rows, members)
    deep = replace(
        linear,
        layers=(UNITS[portfolio.preset],) * 4,
        activation=SiLU(),
        residual=True,
        loss=BinaryCrossEntropy(label_smoothing=0.03),
        initializer="auto",
        optimizer=AdamW(learning_rate=0.01),
        weight_decay=0.4,
        dropout=0.2,
        batch_size=batch_size(rows),
        epochs=epochs,
        early_stopping=EarlyStopping(patience=max(5, epochs // 2)),
        embedding=Embedded(at_least=10, width=2),
        feature_scale=FeatureScale(),
    )
    periodic = replace(deep, periodic=Periodic(highest=0.3))
    return (linear, periodic) if families == 1 else (linear, periodic, deep)


def _linear(portfolio: Portfolio, rows: int, members: int) -> Spec:
    """Return logistic regression with the ridge penalty of scikit-learn's default."""
    common = portfolio.common
    folds = common.validation.time is None
    return replace(
        common,
        layers=(),
        initializer="zeros",
        optimizer=Adam(learning_rate=0.02),
        weight_decay=1 / max(rows, 1),
        batch_size=batch_size(rows),
        epochs=40,
        early_stopping=EarlyStopping(patience=20),
        validation=replace(common.validation, folds=folds),
        members=members,
        retry_diverged=True,
        embedding=Embedded(at_least=10, width=1),
        numbers="scaled_and_ranked",
    )


def batch_size(rows: int) -> int:
    """Return the rows of a step: about sixty steps an epoch, at least 16 rows and at most 512.

    Example:
        >>> batch_size(200), batch_size(7_000), batch_size(1_000_000)
        (16, 128, 512)
    """
    size = 16
    while size < min(512, rows // 64):
        size *= 2
    return size


def default_recipe(inputs: Iterable[str]) -> Spec | Portfolio:
    """Return what to train on a table of these input columns: a portfolio, or the 4-8-4-1 network of the home case."""
    return Spec() if set(inputs) == HOME_COLUMNS else Portfolio()
