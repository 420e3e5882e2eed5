"""Exploding gradients: sums of ReLUs with too large a learning rate, and cures that bound the step or the numbers."""

from pathlib import Path
from typing import Any

from troubles.drawing import BLUE, GREEN, MUTED, ORANGE, PURPLE, TEAL, TROUBLE, Look, picture
from troubles.section import Section, hold
from troubles.training import Training, train

BASE: dict[str, Any] = {
    "layers": [16] * 10,
    "residual": True,
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
    "schedule": {"name": "constant"},
    "batch_size": 1000,
    "epochs": 60,
    "early_stopping": None,
}
SLOW: dict[str, Any] = {
    "layers": [64, 64],
    "residual": False,
    "batch_size": 32,
    "optimizer": {"name": "adamw", "learning_rate": 0.003},
}
FAST_CHANGES: dict[str, dict[str, Any]] = {
    "rate 0.1": {},
    "clip by norm": {"clip_norm": 1.0},
    "clip by value": {"clip_value": 0.05},
    "retry": {"retry_diverged": True},
    "LeCun's scale": {"initializer": "lecun"},
    "batch norm": {"batch_norm": True},
    "warm-up": {"schedule": {"name": "constant", "warmup": 0.3}},
}
SLOW_CHANGES: dict[str, dict[str, Any]] = {
    "wide, no decay": SLOW,
    "wide, decay 0.3": {**SLOW, "weight_decay": 0.3},
    "wide, decay 1": {**SLOW, "weight_decay": 1.0},
}
CHANGES = FAST_CHANGES | SLOW_CHANGES
LOOKS = [
    Look("rate 0.1", TROUBLE),
    Look("clip by norm", BLUE, "--", "s"),
    Look("clip by value", TEAL, "--", "v"),
    Look("retry", PURPLE, "-", "D"),
    Look("LeCun's scale", GREEN, "-", "o"),
    Look("batch norm", MUTED, "-", "P"),
    Look("warm-up", ORANGE, "-.", "^"),
]
BEST = ["LeCun's scale", "warm-up"]
DECAYS = [
    Look("wide, no decay", TROUBLE),
    Look("wide, decay 0.3", ORANGE, "-.", "^"),
    Look("wide, decay 1", GREEN, "-", "o"),
]


def section(images: Path) -> Section:
    """Train, draw, and return the section."""
    found = {name: train("customers", BASE, changes) for name, changes in CHANGES.items()}
    draw(images, found)
    return Section(
        name="exploding",
        title="Exploding gradients",
        table="customers",
        alt="Above, gradient norms and losses by step; below, parameters and validation loss, with and without decay",
        base=BASE,
        changes=CHANGES,
        head=("largest gradient norm", "final training loss", "final validation loss"),
        rows={name: row(training) for name, training in found.items()},
        text=words(found),
        look=LOOK,
    )


def draw(images: Path, found: dict[str, Training]) -> None:
    """Draw gradient norms and losses step by step, and the parameters' size."""
    title = "Gradient norm and loss by step, and the size of the parameters by epoch"
    with picture(images / "gallery-exploding.svg", title, 2, 7.4, rows=2) as (_, (norms, losses, sizes, valid)):
        for look in LOOKS:
            training = found[look.label]
            for axes, name in ((norms, "gradient_norm"), (losses, "train_loss")):
                values = training.series(name)
                look.draw(axes, range(1, len(values) + 1), values)
            if training.diverged:
                look.end(norms, training.diverged.step, training.diverged.gradient_norm)
                norms.plot(
                    [len(training.reports), training.diverged.step],
                    [training.series("gradient_norm")[-1], training.diverged.gradient_norm],
                    color=look.colour,
                )
                look.end(losses, len(training.losses), training.losses[-1])
        norms.set(yscale="log", xlabel="step", title="gradient norm")
        losses.set(yscale="log", xlabel="step", title="training loss (nats)")
        for look in DECAYS:
            for axes, values in (
                (sizes, list(found[look.label].sizes)),
                (valid, found[look.label].series("valid_loss")),
            ):
                look.draw(axes, range(1, len(values) + 1), values)
        sizes.set(xlabel="epoch", title="64-64-1, AdamW: ‖θ‖", ylim=(0, 32))
        valid.set(xlabel="epoch", title="64-64-1, AdamW: validation loss", ylim=(0.45, 0.75))
        sizes.legend(loc="upper left")
        norms.legend(loc="upper right", ncols=2)


def row(training: Training) -> tuple[str, str, str]:
    """Return the row of a training in the table."""
    norms = training.series("gradient_norm")
    if training.diverged:
        return (f"{training.diverged.gradient_norm:.1e}", f"diverged at step {training.diverged.step}", "—")
    last = training.reports[-1]
    assert last.valid_loss is not None
    again = ", in the second try" if last.retries else ""
    return (f"{max(norms):,.3g}", f"{last.train_loss:.3f}{again}", f"{last.valid_loss:.3f}")


def words(found: dict[str, Training]) -> str:
    """Return the text of the section, with the figures of the trainings."""
    red, retry = found["rate 0.1"], found["retry"]
    assert red.diverged is not None
    ends = {name: found[name].losses[-1] for name in FAST_CHANGES}
    hold(
        nothing_else_diverges=not any(each.diverged for name, each in found.items() if name != "rate 0.1"),
        retry_takes_a_second_try=bool(found["retry"].reports[-1].retries),
        removing_the_cause_ends_lowest=sorted(ends, key=ends.__getitem__)[:2] in (BEST, BEST[::-1]),
        clipped_gradients_stay_large=found["clip by norm"].series("gradient_norm")[-1] > 10,
    )
    norms = red.series("gradient_norm")
    wide, decayed = found["wide, no decay"], found["wide, decay 1"]
    first_valid, last_valid = (wide.reports[i].valid_loss for i in (1, -1))
    return f"""
Ten residual blocks of ReLUs with He's weights: every block adds to its input, and the first gradient has a norm of
{norms[0]:.0f}. With all rows in one batch each epoch is one step, so that every step is visible. At a learning rate
of 0.1 the norm is {", ".join(f"{norm:,.0f}" for norm in norms)}, and the engine stops the training with

> {red.diverged}

(`DivergedError`; over HTTP, the job fails with this message.) Clipping bounds the step, not the slope. Both clipped
networks survive, but their gradients stay large, and their final losses are {found["clip by norm"].losses[-1]:.2f} and
{found["clip by value"].losses[-1]:.2f}. `retry_diverged` starts again once, at a tenth of the rate, and reaches
{retry.losses[-1]:.3f} without intervention. It is better to remove the cause: smaller initial weights
({found["LeCun's scale"].losses[-1]:.3f}) or a warm-up over the first {0.3:.0%} of the steps
({found["warm-up"].losses[-1]:.3f}) have the lowest final losses. Batch norm starts with a norm of
{found["batch norm"].series("gradient_norm")[0]:.0f} instead of {norms[0]:.0f}, but its loss is unsteady at this rate.

There is also a slow form. The parameters of a wide network grow during a long training, from {wide.sizes[0]:.0f} to
{wide.sizes[-1]:.0f} in {len(wide.sizes)} epochs, while its validation loss rises from {first_valid:.3f} in the second
epoch to {last_valid:.3f}. Decoupled weight decay of 1 ends at a size of {decayed.sizes[-1]:.0f} and a validation loss
of {decayed.reports[-1].valid_loss:.3f}. It does not help against the first form, which takes only
{red.diverged.step} steps."""


LOOK = """
the crosses, where the engine stopped; the purple line, which equals the red one for three steps and then is a second,
steadier try; and the dashed lines, whose norm falls late or not at all although their losses are finite. If a gradient
norm in the tens does not fall, check scales and rates, clipped or not."""
