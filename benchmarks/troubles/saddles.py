"""Saddle points and plateaus: a table that no linear model fits, and cures."""

from pathlib import Path
from typing import Any

from troubles.drawing import BLUE, GREEN, MUTED, ORANGE, PURPLE, TROUBLE, Look, legend, picture
from troubles.section import Section, hold
from troubles.training import Training, train

RATE = 0.1
SGD: dict[str, Any] = {"name": "sgd", "learning_rate": RATE}
CLASSIC: dict[str, Any] = {"name": "momentum", "learning_rate": RATE, "form": "classic"}
FULL: dict[str, Any] = {"batch_size": 1000, "epochs": 3000}
SEEDS = 10
LEFT = 0.6  # below it, training has left the plateau at ln 2 = 0.693
BASE: dict[str, Any] = {
    "layers": [4],
    "activation": "sigmoid",
    "optimizer": SGD,
    "schedule": {"name": "constant"},
    "batch_size": 32,
    "epochs": 120,
    "early_stopping": None,
}
SHOWN: dict[str, dict[str, Any]] = {
    "mini-batch": {},
    "full batch": FULL,
    "full batch, averaged momentum": {**FULL, "optimizer": {"name": "momentum", "learning_rate": RATE}},
    "full batch, classic momentum": {**FULL, "optimizer": CLASSIC},
    "mini-batch, classic momentum": {"optimizer": CLASSIC},
    "weights from zero": {"optimizer": CLASSIC, "initializer": "zeros"},
    f"best of {SEEDS} restarts": {"optimizer": CLASSIC, "restarts": SEEDS},
}
ALONE = {f"mini-batch, classic momentum, seed {seed}": {"optimizer": CLASSIC, "seed": seed} for seed in range(SEEDS)}
CHANGES = SHOWN | ALONE
LOOKS = [
    Look("full batch", TROUBLE),
    Look("full batch, averaged momentum", MUTED, ":", "v"),
    Look("full batch, classic momentum", PURPLE, "--", "D"),
    Look("mini-batch", BLUE, "-", "s"),
    Look("mini-batch, classic momentum", GREEN, "-", "o"),
    Look("weights from zero", ORANGE, "-.", "^"),
]


def section(images: Path) -> Section:
    """Train, draw, and return the section."""
    found = {name: train("crossing", BASE, changes) for name, changes in CHANGES.items()}
    seeds = [found[name] for name in ALONE]
    worst = max(ALONE, key=lambda name: found[name].losses[-1])
    shown = {**SHOWN, worst: ALONE[worst]}
    draw(images, found, seeds)
    return Section(
        name="saddles",
        title="Saddle points and plateaus",
        table="crossing",
        alt="Above, loss by epoch and by step; below, gradient norm on the plateau, and ten seeds beside their best",
        base=BASE,
        changes=shown,
        head=(f"epochs to {LEFT}", f"steps to {LEFT}", "final training loss"),
        rows={name: row(found[name]) for name in shown},
        text=words(found, seeds),
        look=LOOK,
    )


def steps_to(training: Training) -> int | None:
    """Return the number of steps until a training left the plateau."""
    epoch = training.reaches(LEFT)
    return None if epoch is None else training.reports[epoch - 1].steps


def row(training: Training) -> tuple[str, str, str]:
    """Return the row of a training in the table."""
    epochs, steps = (str(each or "never") for each in (training.reaches(LEFT), steps_to(training)))
    return (epochs, steps, f"{training.losses[-1]:.3f}")


def draw(images: Path, found: dict[str, Training], seeds: list[Training]) -> None:
    """Draw losses by epoch, by step and by seed."""
    title = "Loss by epoch, by step and by seed, and the gradient norm on the plateau"
    with picture(images / "gallery-saddles.svg", title, 2, 7.4, rows=2) as (figure, panels):
        by_epoch, by_step, norms, by_seed = panels
        for look in LOOKS:
            training = found[look.label]
            for axes, name in ((by_epoch, "epoch"), (by_step, "steps")):
                look.draw(axes, training.series(name), training.losses)
                axes.set(xscale="log", ylim=(0, 0.75))
        by_epoch.set(xlabel="epoch", title="training loss (nats)")
        by_step.set(xlabel="step", title="the same, by step")
        for look in LOOKS[:3]:
            look.draw(norms, found[look.label].series("epoch"), found[look.label].series("gradient_norm"))
        norms.set(xscale="log", yscale="log", xlabel="epoch", title="gradient norm, full batch")
        for training in seeds:
            by_seed.plot(training.series("epoch"), training.losses, color=MUTED, linewidth=0.9)
        by_seed.plot([], [], color=MUTED, linewidth=0.9, label=f"seeds 0 to {SEEDS - 1}, alone")
        best = found[f"best of {SEEDS} restarts"]
        Look(f"best of {SEEDS}", GREEN, "--").draw(by_seed, best.series("epoch"), best.losses, width=2.6)
        by_seed.set(xlabel="epoch", title="mini-batch, classic momentum", ylim=(0, 0.75))
        by_seed.legend(loc="upper right")
        legend(figure, by_epoch, 3)


def words(found: dict[str, Training], seeds: list[Training]) -> str:
    """Return the text of the section, with the figures of the trainings."""
    full, mini = found["full batch"], found["mini-batch"]
    classic, averaged = found["full batch, classic momentum"], found["full batch, averaged momentum"]
    zero, best = found["weights from zero"], found[f"best of {SEEDS} restarts"]
    ends = [training.losses[-1] for training in seeds]
    stuck = sum(end > 2 * min(ends) for end in ends)
    hold(
        averaged_momentum_leaves_with_plain_descent=abs(averaged.reaches(LEFT) / full.reaches(LEFT) - 1) < 0.1,
        mini_batches_take_about_as_many_steps=abs(steps_to(mini) / steps_to(full) - 1) < 0.25,
        classic_momentum_leaves_early=classic.reaches(LEFT) < full.reaches(LEFT) / 4,
        zeros_end_as_one_unit=zero.losses[-1] > 0.5,
        some_seeds_are_stuck_and_restarts_are_not=bool(stuck) and best.losses[-1] < 1.02 * min(ends),
    )
    return f"""
In `crossing.csv` customers leave when price and usage are both high or both low. Neither column predicts churn alone,
so that the best linear model is a constant, with a loss of ln 2 = 0.693, and the descent starts almost flat. With all
rows in one batch the gradient norm falls from {full.reports[0].gradient_norm:.3f} to
{min(full.series("gradient_norm")[: full.reaches(LEFT)]):.4f} before it rises again, and plain gradient descent needs
{full.reaches(LEFT):,} epochs to get below {LEFT}. Momentum in its classic form adds up gradients of one direction,
such as those of a plateau, and needs {classic.reaches(LEFT):,} epochs. In the averaged form
({averaged.reaches(LEFT):,}) it does *not* help here, because the average of equal gradients is one gradient.
Mini-batches need {mini.reaches(LEFT)} epochs. Their noise is often named as the reason. By step, the two lines are
close ({steps_to(mini):,} steps against {steps_to(full):,}): most of the gain is arithmetic,
{mini.reports[0].steps} steps for the price of one.

Some plateaus do not end. Weights that all start at zero leave the first plateau, but their four units always get the
same gradient. They act as one unit and end at {zero.losses[-1]:.2f}. Of {SEEDS} seeds, {stuck} end above
{2 * min(ends):.2f}, and the others reach {min(ends):.2f}. {"`restarts`"} trains the {SEEDS} side by side and keeps the
best, {best.losses[-1]:.2f}. (Without early stopping the best is the one with the lowest final loss; the estimator
uses its parameters.)"""


LOOK = """
the red line on the upper left, which seems to have converged for a thousand epochs. A flat loss is a minimum only if
the gradient norm and a second seed agree. The norm is below it: it falls, and rises again where the descent starts.
Then compare the upper two pictures. In the last picture, the dashed line is the lower edge of the grey ones: restarts
give the best of several seeds, and no more."""
