"""Training follows the equations, and reports divergence."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from model.errors import CheckpointError, DivergedError, ShapeError, SpecError
from model.layers.sequence import reference_all
from model.network.parameters import views
from model.network.stack import build_stack
from model.spec import parse_spec
from model.training.trainer import Trainer
from tests.model.designs import coded_design, design
from tests.model.training import assert_same_numbers, trained


def test_early_stopping_restores_the_best_epoch() -> None:
    data = design(80, 60)
    spec = {"layers": [32, 32], "optimizer": {"learning_rate": 0.03}, "early_stopping": {"patience": 4}, "epochs": 200}
    trainer, reports = trained(spec, data)
    losses = [report.valid_loss for report in reports]
    best = int(np.argmin(losses))
    assert len(reports) == best + 1 + 4 < 200
    rows = data.valid_rows
    logits = trainer.network().logits(data.X[rows])
    p, y = 1 / (1 + np.exp(-logits)), data.y[rows]
    assert -np.log(np.where(y == 1, p, 1 - p)).mean() == pytest.approx(losses[best], rel=1e-5)


def test_training_equals_the_plain_form_step_by_step() -> None:
    """Full batches, so that the order of rows does not matter."""
    data = design(50, 20, weighted=True)
    spec = parse_spec(
        {
            "layers": [6, {"batch_norm": {}}, {"tanh": {}}, 5],
            "optimizer": {"name": "momentum", "learning_rate": 0.5},
            "schedule": {"name": "cosine", "warmup": 0.1},
            "batch_size": 50,
            "epochs": 50,
            "early_stopping": None,
            "class_weight": {"1": 3.0},
            "label_smoothing": 0.1,
            "weight_decay": 0.01,
            "dtype": "float64",
        }
    )
    trainer = Trainer(spec, data)
    stack, rows = trainer._stack, data.train_rows
    X, y = data.X[rows], data.y[rows]
    w = data.weight[rows] * np.where(y == 1, 3.0, 1.0)
    w /= w.mean()
    theta = {name: array.copy() for name, array in views(trainer._buffers.values, stack.tensors()).items()}
    velocity = {name: np.zeros_like(value) for name, value in theta.items()}
    for t, report in enumerate(trainer.epochs()):
        z, backward = reference_all(stack.layers, theta, X, trainer._program.masks.for_batch(0))
        values, delta = spec.loss.reference(z, y)
        assert report.train_loss == pytest.approx((w * values).mean(), rel=1e-10)
        _, gradients = backward(delta * w[:, None] / 50)
        rate = 0.5 * (t + 1) / 5 if t < 5 else 0.5 * (1 + np.cos(np.pi * (t - 5) / 45)) / 2
        for name, gradient in gradients.items():
            decayed = gradient.copy()
            if name.endswith("weights"):
                decayed[:-1] += 0.01 * theta[name][:-1]
            velocity[name] = 0.9 * velocity[name] + 0.1 * decayed
            theta[name] = theta[name] - rate * velocity[name]
        norm = np.sqrt(sum((g**2).sum() for g in gradients.values()))
        assert report.gradient_norm == pytest.approx(norm, rel=1e-8)
    for name, pair in zip(theta, trainer._buffers.views.tensors, strict=True):
        np.testing.assert_allclose(pair[0], theta[name], rtol=1e-10, atol=1e-12)


def test_an_epoch_goes_once_over_every_row() -> None:
    """At a tiny learning rate, the updates of an epoch sum to the gradient of all rows."""
    data = design(100, 0)
    spec = {
        "layers": [],
        "optimizer": {"name": "sgd", "learning_rate": 1e-9},
        "schedule": {"name": "constant"},
        "initializer": "zeros",
        "batch_size": 10,
        "epochs": 1,
        "dtype": "float64",
    }
    trainer, _ = trained(spec, data)
    X = np.hstack([data.X, np.ones((100, 1))])
    np.testing.assert_allclose(trainer._buffers.values / -1e-9, X.T @ (0.5 - data.y) / 10, rtol=1e-6)


def test_training_learns_a_noisy_function() -> None:
    _, reports = trained({"optimizer": {"learning_rate": 0.01}, "epochs": 40}, design(800, 400))
    assert reports[-1].valid_auc > 0.85
    assert reports[-1].train_loss < 0.8 * reports[0].train_loss


def test_squared_error_and_softmax_learn_too() -> None:
    data = design(400, 100, dtype=np.float32)
    target = replace(data, y=(2 * data.X[:, 0] - data.X[:, 1]).astype(np.float64))
    _, reports = trained({"loss": "squared_error", "optimizer": {"learning_rate": 0.02}, "epochs": 60}, target)
    assert reports[-1].valid_loss < 0.05 * target.y.var()
    assert reports[-1].valid_auc is None
    classes = replace(data, y=np.digitize(data.X[:, 0], [-0.5, 0.5]).astype(np.float64))
    trainer, reports = trained(
        {"loss": "softmax_cross_entropy", "optimizer": {"learning_rate": 0.02}, "epochs": 60}, classes
    )
    assert reports[-1].valid_loss < 0.3
    assert trainer.network().logits(data.X).shape == (500, 3)


def test_embeddings_get_their_columns_from_the_design() -> None:
    trainer, reports = trained({"layers": [{"embedding": 2}, 8], "epochs": 3}, coded_design())
    assert trainer.network().arrays()["0.table1"].shape == (5, 2)
    assert reports[-1].train_loss < reports[0].train_loss


def test_divergence_is_an_error_with_epoch_step_and_norm() -> None:
    with pytest.raises(DivergedError, match=r"diverged in epoch \d+ at step \d+ .*learning_rate") as caught:
        trained({"optimizer": {"name": "sgd", "learning_rate": 1e12}, "schedule": {"name": "constant"}})
    assert caught.value.epoch >= 1
    assert 1 <= caught.value.step <= caught.value.epoch * 7


def test_labels_in_the_millions_do_not_count_as_divergence() -> None:
    data = design(200, 60)
    spec = {"loss": "squared_error", "optimizer": {"learning_rate": 0.01}, "epochs": 3, "class_weight": None}
    millions = replace(data, y=3e6 + 1e6 * data.X[:, 0])
    _, reports = trained(spec, millions)
    assert reports[-1].valid_loss > 1e12
    steep = spec | {"optimizer": {"name": "sgd", "learning_rate": 1.5}, "schedule": {"name": "constant"}}
    with pytest.raises(DivergedError):
        trained(steep | {"epochs": 30}, millions)


def test_a_runaway_validation_loss_counts_as_divergence() -> None:
    """Training rows of zeros do not depend on the weights; validation rows multiply the weights by 1e9."""
    data = design(60, 20)
    X = np.zeros_like(data.X)
    X[data.valid_rows] = 1e9
    with pytest.raises(DivergedError, match="diverged in epoch 1 at step 2 ") as caught:
        trained({"layers": [], "loss": "squared_error", "epochs": 3}, replace(data, X=X))
    assert np.isfinite(caught.value.gradient_norm)


def test_a_diverged_training_is_retried_once_at_a_tenth_of_the_rate() -> None:
    spec = {
        "layers": [],
        "optimizer": {"name": "sgd", "learning_rate": 1e6},
        "loss": "squared_error",
        "schedule": {"name": "constant"},
        "epochs": 30,
        "clip_norm": None,
    }
    with pytest.raises(DivergedError):
        trained(spec | {"retry_diverged": True})  # a tenth of this is still too much
    spec["optimizer"] = {"name": "sgd", "learning_rate": 1.5}
    with pytest.raises(DivergedError):
        trained(spec)
    _, reports = trained(spec | {"retry_diverged": True})
    _, again = trained(spec | {"optimizer": {"name": "sgd", "learning_rate": 0.15}})
    kept = [report for report in reports if report.retries]
    assert [r.train_loss for r in kept] == pytest.approx([r.train_loss for r in again])
    assert kept[-1].epoch == len(again)


def test_a_checkpoint_of_another_training_is_refused() -> None:
    trainer, _ = trained({"epochs": 1})
    checkpoint = trainer.checkpoint()
    with pytest.raises(CheckpointError, match="another spec"):
        Trainer(parse_spec({"epochs": 2}), design(), checkpoint)
    with pytest.raises(CheckpointError, match="other rows"):
        Trainer(parse_spec({"epochs": 1}), design(seed=1), checkpoint)


def test_reports_have_layer_norms_and_dead_units() -> None:
    data = design()
    spec = parse_spec(
        {
            "layers": [16],
            "epochs": 1,
            "optimizer": {"name": "sgd", "learning_rate": 0.1},
            "batch_size": 200,
            "schedule": {"name": "constant"},
            "dtype": "float64",
        }
    )
    trainer = Trainer(spec, data)
    before = trainer._buffers.values.copy()
    trainer._buffers.views.tensors[0][0][-1, :4] = -100  # four units that stay dead
    before = trainer._buffers.values.copy()
    (report,) = trainer.epochs()
    gradient = (before - trainer._buffers.values) / 0.1
    assert report.layers.names == ("0.weights", "2.weights")
    first = slice(5 * 16)
    assert report.layers.gradient_norms[0] == pytest.approx(np.linalg.norm(gradient[first]))
    ratio = 0.1 * np.linalg.norm(gradient[first]) / np.linalg.norm(trainer._buffers.values[first])
    assert report.layers.update_ratios[0] == pytest.approx(ratio)
    assert report.dead_units == pytest.approx(4 / 16)


def test_a_row_of_weight_2_counts_as_two_rows() -> None:
    data = design(60, 0)
    weight = np.ones(60)
    weight[data.train_rows[:20]] = 2
    doubled = np.concatenate([data.train_rows, data.train_rows[:20]])
    spec = {
        "epochs": 20,
        "early_stopping": None,
        "dtype": "float64",
        "optimizer": {"name": "sgd"},
        "schedule": {"name": "constant"},
    }
    a, _ = trained(spec | {"batch_size": 60}, replace(data, weight=weight))
    b, _ = trained(spec | {"batch_size": 80}, replace(data, train_rows=doubled))
    np.testing.assert_allclose(a.checkpoint().arrays["values"], b.checkpoint().arrays["values"], rtol=1e-9, atol=1e-12)


def test_balanced_class_weights_give_both_labels_equal_weight() -> None:
    data = design(300, 0)
    spec = {
        "layers": [],
        "class_weight": "balanced",
        "initializer": "zeros",
        "batch_size": 300,
        "epochs": 300,
        "optimizer": {"name": "sgd", "learning_rate": 1.0},
        "schedule": {"name": "constant"},
    }
    blank = replace(data, X=np.zeros_like(data.X))
    trainer, _ = trained(spec, blank)
    assert trainer.network().logits(blank.X[:1])[0] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("rows", [1, 2, 31, 32, 33, 64])
@pytest.mark.parametrize("members", [1, 2])
def test_any_number_of_rows_trains(rows: int, members: int) -> None:
    _, reports = trained({"epochs": 2, "batch_norm": True, "dropout": 0.1, "members": members}, design(rows, 0))
    assert len(reports) == 2
    assert reports[-1].steps == 2 * -(-rows // 32)
    assert reports[-1].valid_loss is None


def test_invalid_designs_are_refused_with_a_remedy() -> None:
    data = design()
    with pytest.raises(ShapeError, match="not finite"):
        replace(data, X=np.where(data.X[3, 1] == data.X, np.nan, data.X))
    with pytest.raises(ShapeError, match="one entry for each"):
        replace(data, y=data.y[:-1])
    with pytest.raises(ShapeError, match="no training rows"):
        replace(data, train_rows=data.train_rows[:0])
    with pytest.raises(ShapeError, match="outside"):
        replace(data, valid_rows=np.array([260]))
    with pytest.raises(SpecError, match="labels 0 and 1"):
        Trainer(parse_spec({}), replace(data, y=data.y * 2))
    with pytest.raises(SpecError, match="residual block of 4 inputs"):
        Trainer(parse_spec({"layers": [{"residual": [{"dense": 3}]}]}), data)
    with pytest.raises(SpecError, match="first layer"):
        Trainer(parse_spec({"layers": [{"dense": 3}, {"embedding": 2}]}), data)


@pytest.mark.parametrize("positions", [[], [0, 0], [0, 99]])
def test_a_periodic_layer_names_different_inputs(positions: list[int]) -> None:
    spec = parse_spec({"layers": [4, {"periodic": {"positions": positions}}]})
    with pytest.raises(SpecError, match=r"/layers: the positions of a periodic layer .* its 4 inputs"):
        build_stack(spec, 3, 1)
    assert build_stack(parse_spec({"layers": [4, {"periodic": {"positions": [0, 3]}}]}), 3, 1).outputs == 1


def test_memory_mapped_rows_are_not_copied(tmp_path: object) -> None:
    data = design(500, 100, dtype=np.float32)
    path = f"{tmp_path}/X.npy"
    np.save(path, data.X)
    mapped = replace(data, X=np.load(path, mmap_mode="r"))
    a, _ = trained({"epochs": 2}, mapped)
    b, _ = trained({"epochs": 2}, data)
    assert_same_numbers(a, b)
    assert isinstance(a._program._chunk._rows.X, np.memmap)


@pytest.mark.parametrize("members", [1, 2])
def test_steps_are_counted_within_a_chunk(members: int) -> None:
    """Otherwise the lease keeper would mistake a long chunk of a wide network for a training that hangs."""
    spec = {"layers": [1024, 1024], "batch_size": 1, "epochs": 1, "early_stopping": None, "members": members}
    trainer = Trainer(parse_spec(spec), design(40, 10))
    training = threading.Thread(target=lambda: list(trainer.epochs()))
    seen = {trainer.steps_taken}
    training.start()
    while training.is_alive():
        seen.add(trainer.steps_taken)
    training.join()
    assert trainer._plan.chunks == 1
    steps = trainer._plan.steps
    assert trainer.steps_taken == steps
    assert len([count for count in seen if 0 < count < steps]) > 3, seen
