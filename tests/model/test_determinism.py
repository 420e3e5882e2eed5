"""One seed gives one result: alone or side by side, uninterrupted or resumed."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from model import blas
from model.spec import parse_spec
from model.storage import pack_checkpoint, unpack_checkpoint
from model.training.plan import Limits
from model.training.trainer import EpochReport, Trainer
from tests.model.designs import coded_design, design
from tests.model.training import RICH, assert_same_numbers, trained


def facts(reports: list[EpochReport]) -> list[EpochReport]:
    return [replace(report, seconds=0.0) for report in reports]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_seed_gives_one_result_to_the_byte(dtype: str) -> None:
    spec = RICH | {"dtype": dtype, "seed": 7}
    (a, reports), (b, again) = trained(spec), trained(spec)
    assert_same_numbers(a, b)
    assert facts(reports) == facts(again)
    other, _ = trained(spec | {"seed": 8})
    assert not np.array_equal(a.checkpoint().arrays["values"], other.checkpoint().arrays["values"])


@pytest.mark.parametrize("spec", [RICH, RICH | {"members": 3}, RICH | {"restarts": 2, "dtype": "float64"}])
def test_resuming_after_any_epoch_is_byte_identical(spec: dict[str, object]) -> None:
    whole, reports = trained(spec)
    for pause in range(1, len(reports)):
        first = Trainer(parse_spec(spec), design())
        before = list(islice(first.epochs(), pause))
        stored = unpack_checkpoint(pack_checkpoint(first.checkpoint()))
        second = Trainer(parse_spec(spec), design(), stored)
        after = list(second.epochs())
        assert_same_numbers(whole, second)
        assert facts(before + after) == facts(reports)


def test_a_training_whose_first_layer_is_an_embedding_resumes_from_a_stored_checkpoint() -> None:
    spec: dict[str, object] = {"layers": [{"embedding": 3}, 4], "epochs": 3}
    whole, _ = trained(spec, coded_design())
    first = Trainer(parse_spec(spec), coded_design())
    next(first.epochs())
    second = Trainer(parse_spec(spec), coded_design(), unpack_checkpoint(pack_checkpoint(first.checkpoint())))
    assert len(list(second.epochs())) == 2
    assert_same_numbers(whole, second)


def test_a_checkpoint_does_not_change_while_training_continues() -> None:
    trainer = Trainer(parse_spec(RICH), design())
    epochs = trainer.epochs()
    next(epochs)
    checkpoint = trainer.checkpoint()
    values = checkpoint.arrays["values"].copy()
    next(epochs)
    np.testing.assert_array_equal(checkpoint.arrays["values"], values)


@pytest.mark.parametrize(
    "spec",
    [
        RICH,
        {"epochs": 4},
        {"epochs": 4, "batch_size": 50, "loss": "softmax_cross_entropy"},
        {"epochs": 4, "layers": [{"batch_norm": {}}, 7]},
        {"epochs": 4, "layers": [{"identity": {}}, {"batch_norm": {}}, 7], "dtype": "float64"},
    ],
)
def test_a_member_equals_a_training_alone(spec: dict[str, object]) -> None:
    members = spec | {"members": 3, "seed": 5}
    (stacked, reports), (in_turn, again) = trained(members), trained(members, limits=Limits(stack_work=0))
    assert stacked._plan.stacked > in_turn._plan.stacked
    assert_same_numbers(stacked, in_turn)
    assert facts(reports) == facts(again)
    for member in range(3):
        alone, _ = trained(spec | {"seed": 5 + member})
        for name, array in alone.network().arrays().items():
            assert array.tobytes() == stacked.network().arrays()[name][member].tobytes()


def test_restarts_keep_the_network_with_the_lowest_validation_loss() -> None:
    spec = {"epochs": 5, "layers": [4]}
    alone = [trained(spec | {"seed": seed}) for seed in range(4)]
    losses = [min(report.valid_loss for report in reports) for _, reports in alone]
    best, _ = alone[int(np.argmin(losses))]
    together, reports = trained(spec | {"restarts": 4})
    X = design().X
    np.testing.assert_array_equal(together.network().logits(X), best.network().logits(X))
    assert together.network().members == 1
    assert reports[-1].valid_loss == pytest.approx(min(r[-1].valid_loss for _, r in alone), rel=0.2)


def test_the_size_of_a_chunk_changes_nothing() -> None:
    whole, reports = trained(RICH)
    cut, again = trained(RICH, limits=Limits(chunk_steps=2))
    assert_same_numbers(whole, cut)
    # Losses are summed in another order.
    assert [r.train_loss for r in reports] == pytest.approx([r.train_loss for r in again], rel=1e-6)


def test_the_size_of_a_block_of_parameters_changes_nothing() -> None:
    for spec in (RICH | {"clip_norm": None}, RICH | {"members": 3}):
        whole, _ = trained(spec | {"l1": 0.001, "clip_value": 0.1})
        cut, _ = trained(spec | {"l1": 0.001, "clip_value": 0.1}, limits=Limits(block=37))
        assert_same_numbers(whole, cut)
    plain = RICH | {"dtype": "float64", "batch_norm": False}
    (one, reports), (cut, again) = [trained(plain, limits=Limits(block=b)) for b in (1000, 37)]
    # The norm of all blocks together is summed in another order.
    values, expected = (each.checkpoint().arrays["values"] for each in (cut, one))
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    assert [r.gradient_norm for r in again] == pytest.approx([r.gradient_norm for r in reports], rel=1e-9)


@pytest.mark.parametrize("clip_norm", [None, 0.05])
def test_two_threads_on_half_batches_give_the_result_of_one_thread(clip_norm: float | None) -> None:
    spec = {"layers": [8, 6], "epochs": 5, "batch_size": 30, "dtype": "float64", "class_weight": "balanced"}
    spec |= {"weight_decay": 0.01, "clip_norm": clip_norm}
    data = design(200, 60, weighted=True)
    one, reports = trained(spec, data)
    halves = Limits(part_work=0, block=20)
    two, again = trained(spec, data, halves)
    assert two._plan.parts == 2
    np.testing.assert_allclose(
        two.checkpoint().arrays["values"], one.checkpoint().arrays["values"], rtol=1e-9, atol=1e-12
    )
    for a, b in zip(again, reports, strict=True):
        assert a.train_loss == pytest.approx(b.train_loss, rel=1e-9)
        assert a.gradient_norm == pytest.approx(b.gradient_norm, rel=1e-9)
        assert a.layers.gradient_norms == pytest.approx(b.layers.gradient_norms, rel=1e-7)
        assert a.layers.update_ratios == pytest.approx(b.layers.update_ratios, rel=1e-7)
    assert_same_numbers(two, trained(spec, data, halves)[0])
    with_dropout = spec | {"dropout": 0.3, "dtype": "float32"}
    assert_same_numbers(trained(with_dropout, data, halves)[0], trained(with_dropout, data, halves)[0])


def test_training_limits_openblas_to_one_thread_and_restores_it() -> None:
    before = blas.threads()
    with blas.one_thread():
        assert blas.threads() in (1, None)
    assert blas.threads() == before
