"""All settings of a training, as one frozen object."""

import math
from dataclasses import dataclass, field, fields
from typing import Literal, TypeAlias

from model import losses, optimizers, schedules
from model.columns.cells import Scalar
from model.columns.options import ColumnOptions
from model.layers import Layer
from model.layers.feature_scale import FeatureScale
from model.layers.notation import layer_to_json
from model.layers.periodic import Periodic
from model.layers.relu import ReLU
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.optimizers.adam import Adam
from model.parsing import name_of, to_plain
from model.ranges import Background, BelowOne, Count, Natural, Networks, NonNegative, Positive, Width
from model.schedules.cosine import Cosine

ClassWeight: TypeAlias = Literal["balanced"] | tuple[tuple[str, float], ...] | None


@dataclass(frozen=True)
class EarlyStopping:
    """Stops when the validation loss has not fallen by more than `min_delta` for `patience` epochs."""

    patience: Count = 10
    min_delta: NonNegative = 0.0


@dataclass(frozen=True)
class Validation:
    """The share of rows that is held out, and how they are chosen.

    They are drawn at random within each label, or they are the latest by a time column, or whole groups by a group
    column. With folds, one member holds out each row and all others train on it.
    """

    fraction: BelowOne = 0.2
    time: str | None = None
    group: str | None = None
    folds: bool = False


WIDE = 32  # a first layer that embeds reads columns of so many categories, as stored specs rely on


@dataclass(frozen=True)
class Embedded:
    """Embeds categorical columns with `at_least` categories, each as `width` numbers.

    Without a width it is 2·⁴√n rounded up, at most 16, with n the categories of the largest such column. That was the
    default before, so stored specs hold it as null.
    """

    at_least: Count = 10
    width: Width | None = 2

    def units(self, cardinality: int) -> int:
        """Return the width for columns with this number of categories.

        Example:
            >>> Embedded().units(51), Embedded(width=None).units(51), Embedded(width=None).units(10_000)
            (2, 6, 16)
        """
        return self.width or min(16, math.ceil(2 * cardinality**0.25))


@dataclass(frozen=True)
class Reasons:
    """What reasons compare a customer with.

    The baseline is the average over training customers, a typical customer who stayed, or a record. For the average,
    `background` is the number of customers that represent all; by default it depends on the cost of the network.
    """

    baseline: Literal["average", "stayer"] | tuple[tuple[str, Scalar], ...] = "average"
    background: Background | None = None

    def to_json(self) -> dict[str, object]:
        """Return the settings as JSON values."""
        baseline = dict(self.baseline) if isinstance(self.baseline, tuple) else self.baseline
        return {"baseline": baseline, "background": self.background}


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The settings of a training. `parse_spec` reads them from JSON, `to_json` writes them with all defaults.

    Example:
        >>> Spec(epochs=50).to_json()["loss"]
        'binary_cross_entropy'
    """

    layers: tuple[int | Layer, ...] = (8, 4)
    activation: Layer = field(default_factory=ReLU)
    loss: losses.Loss = field(default_factory=BinaryCrossEntropy)
    initializer: str = "auto"
    optimizer: optimizers.Optimizer = field(default_factory=Adam)
    schedule: schedules.Schedule = field(default_factory=Cosine)
    batch_size: Count = 32
    epochs: Count = 100
    early_stopping: EarlyStopping | None = EarlyStopping()
    validation: Validation = Validation()
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    weight_decay: NonNegative = 0.0
    l1: NonNegative = 0.0
    dropout: BelowOne = 0.0
    batch_norm: bool = False
    residual: bool = False
    class_weight: ClassWeight = None
    members: Networks = 1
    restarts: Networks = 1
    retry_diverged: bool = False
    seed: Natural = 0
    dtype: Literal["float32", "float64"] = "float32"
    embedding: Embedded | None = None
    numbers: Literal["scaled", "scaled_and_ranked"] = "scaled"
    periodic: Periodic | None = None
    feature_scale: FeatureScale | None = None
    columns: tuple[tuple[str, ColumnOptions], ...] = ()
    reasons: Reasons = Reasons()

    @property
    def common(self) -> "Spec":
        """The settings of the table: its columns, its target, and which rows are held out."""
        return self

    @property
    def stages(self) -> "tuple[Spec, ...]":
        """The specs that are trained one after the other: this one."""
        return (self,)

    def planned(self, rows: int) -> "Spec":
        """Return the spec itself: it leaves nothing to plan."""
        return self

    @property
    def layer_count(self) -> int:
        """The number of layers, with those inside others."""
        return sum(len(layer.within) if isinstance(layer, Layer) else 1 for layer in self.layers)

    @property
    def embedded(self) -> Embedded | None:
        """The embedding of columns; by default none, unless the first layer reads category codes."""
        return self.embedding or (Embedded(at_least=WIDE) if self.reads_codes else None)

    @property
    def reads_codes(self) -> bool:
        """Whether the first layer reads category codes."""
        return any(isinstance(layer, Layer) and layer.reads_codes for layer in self.layers[:1])

    def to_json(self) -> dict[str, object]:
        """Return the spec as JSON values, with every default."""
        plain: dict[str, object] = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        activation = layer_to_json(self.activation)
        ((name, settings),) = activation.items()
        return plain | {
            "layers": [layer if isinstance(layer, int) else layer_to_json(layer) for layer in self.layers],
            "activation": activation if settings else name,
            "loss": name_of(losses.CATALOG, self.loss),
            "label_smoothing": getattr(self.loss, "label_smoothing", 0.0),
            "optimizer": {"name": name_of(optimizers.CATALOG, self.optimizer)} | to_plain(self.optimizer),
            "schedule": {"name": name_of(schedules.CATALOG, self.schedule)} | to_plain(self.schedule),
            "early_stopping": None if self.early_stopping is None else to_plain(self.early_stopping),
            "validation": to_plain(self.validation),
            "embedding": None if self.embedding is None else to_plain(self.embedding),
            "periodic": None if self.periodic is None else periodic_to_json(self.periodic),
            "feature_scale": None if self.feature_scale is None else to_plain(self.feature_scale),
            "class_weight": dict(self.class_weight) if isinstance(self.class_weight, tuple) else self.class_weight,
            "columns": {name: to_plain(options) for name, options in self.columns},
            "reasons": self.reasons.to_json(),
        }


def periodic_to_json(layer: Periodic) -> dict[str, object]:
    """Return the settings of a spec's periodic layer. Training sets the positions of its numbers."""
    return {name: value for name, value in to_plain(layer).items() if name != "positions"}
