"""Helpers of the tests of training."""

from model.design import Design
from model.spec import parse_spec
from model.training.plan import LIMITS, Limits
from model.training.trainer import EpochReport, Trainer
from tests.model.designs import design

# Everything with its own state, and an epoch that ends with a shorter batch.
RICH = {
    "layers": [8, 8, {"dense": 5}, {"silu": {}}],
    "dropout": 0.2,
    "batch_norm": True,
    "residual": True,
    "schedule": {"name": "plateau", "patience": 1, "factor": 0.5},
    "optimizer": {"name": "adamw", "learning_rate": 0.02},
    "weight_decay": 0.01,
    "clip_norm": 1.0,
    "early_stopping": {"patience": 3},
    "batch_size": 32,
    "epochs": 12,
}


def trained(
    spec: dict[str, object], data: Design | None = None, limits: Limits = LIMITS
) -> tuple[Trainer, list[EpochReport]]:
    trainer = Trainer(parse_spec(spec), data or design(), limits=limits)
    return trainer, list(trainer.epochs())


def assert_same_numbers(a: Trainer, b: Trainer) -> None:
    first, second = a.checkpoint().arrays, b.checkpoint().arrays
    assert first.keys() == second.keys()
    for name, array in first.items():
        assert array.tobytes() == second[name].tobytes(), name
    assert {n: x.tobytes() for n, x in a.network().arrays().items()} == {
        n: x.tobytes() for n, x in b.network().arrays().items()
    }
