"""Vanishing gradients: a deep stack of sigmoids, and cures."""

from pathlib import Path
from typing import Any

from troubles.drawing import BLUE, GREEN, MUTED, ORANGE, PURPLE, TEAL, TROUBLE, Look, legend, picture
from troubles.section import Section, hold
from troubles.training import Training, train

DEPTH = 10
BASE: dict[str, Any] = {
    "layers": [16] * DEPTH,
    "activation": "sigmoid",
    "optimizer": {"name": "sgd", "learning_rate": 0.1},
    "schedule": {"name": "constant"},
    "epochs": 30,
    "early_stopping": None,
}
CHANGES: dict[str, dict[str, Any]] = {
    "sigmoid": {},
    "sigmoid, batch norm": {"batch_norm": True},
    "sigmoid, residual": {"residual": True},
    "tanh": {"activation": "tanh"},
    "ReLU, LeCun": {"activation": "relu", "initializer": "lecun"},
    "ReLU, He": {"activation": "relu", "initializer": "he"},
}
LOOKS = [
    Look("sigmoid", TROUBLE, marker="X"),
    Look("sigmoid, batch norm", BLUE, marker="s"),
    Look("sigmoid, residual", PURPLE, marker="D"),
    Look("tanh", TEAL, "-.", "v"),
    Look("ReLU, LeCun", ORANGE, "--", "^"),
    Look("ReLU, He", GREEN, marker="o"),
]


def section(images: Path) -> Section:
    """Train, draw, and return the section."""
    found = {name: train("customers", BASE, changes) for name, changes in CHANGES.items()}
    draw(images, found)
    rows = {}
    for name, training in found.items():
        norms = training.kernel_norms()
        rows[name] = (f"{norms[0]:.1e}", f"{norms[-1] / norms[0]:,.2g}", f"{training.losses[-1]:.3f}")
    return Section(
        name="vanishing",
        title="Vanishing gradients",
        table="customers",
        alt="Left, gradient norms by layer; right, training loss: the sigmoid stack is stuck, its cures are not",
        base=BASE,
        changes=CHANGES,
        head=("gradient norm at the first layer", "last ÷ first", "final training loss"),
        rows=rows,
        text=words(found),
        look=LOOK.format(start=found["sigmoid, residual"].losses[0]),
    )


def draw(images: Path, found: dict[str, Training]) -> None:
    """Draw gradient norms by layer, and losses by epoch."""
    with picture(images / "gallery-vanishing.svg", "Gradient norms by layer, and loss by epoch", 2) as (figure, panels):
        layers, losses = panels
        for look in LOOKS:
            norms = found[look.label].kernel_norms()
            look.draw(layers, range(1, len(norms) + 1), norms)
            look.draw(losses, range(1, 31), found[look.label].losses)
        layers.set(yscale="log", xlabel="dense layer, from the input", title="gradient norm, epoch 1")
        losses.axhline(found["sigmoid"].losses[-1], color=MUTED, linestyle=":", linewidth=1)
        losses.set(xlabel="epoch", title="training loss (nats)", ylim=(0.35, 0.9))
        legend(figure, layers, 3)


def words(found: dict[str, Training]) -> str:
    """Return the text of the section, with the figures of the trainings."""
    stuck, he, lecun = found["sigmoid"], found["ReLU, He"], found["ReLU, LeCun"]
    ratio = (stuck.kernel_norms()[-1] / stuck.kernel_norms()[0]) ** (1 / DEPTH)
    hold(
        sigmoids_shrink_the_gradient_at_least_fourfold_a_layer=ratio > 3.5,
        the_sigmoid_stack_is_stuck_from_the_fifth_epoch=abs(stuck.losses[4] - stuck.losses[-1]) < 0.003,
        every_cure_ends_lower=all(t.losses[-1] < 0.5 for n, t in found.items() if n != "sigmoid"),
        He_starts_with_more_gradient_than_LeCun=he.kernel_norms()[0] > 5 * lecun.kernel_norms()[0],
    )
    return f"""
In the backward pass each sigmoid multiplies the gradient by σ′ = σ(1 − σ), which is at most ¼. Through ten layers of
16 units the norm shrinks by a factor of {ratio:.1f} a layer: the first layer of the red network has a gradient norm
of {stuck.kernel_norms()[0]:.0e}, the last one of {stuck.kernel_norms()[-1]:.2f}. The network learns the churn rate,
and its loss stays at {stuck.losses[-1]:.3f} from the fifth epoch on. More epochs do not help, because the first
layers do not change. Batch norm and residual connections cure the *same* sigmoids. ReLUs replace them: their slope is
1 above zero. Then the scale of the initial weights matters. LeCun's scale is meant for units without a dead half: it
halves the variance at each ReLU and starts with {lecun.kernel_norms()[0]:.0e} at the first layer, He's with
{he.kernel_norms()[0]:.0e}."""


LOOK = """
the slope of the lines on the left. A straight, steep line on a logarithmic axis is a gradient that vanishes
geometrically; a level line is healthy. On the right, the residual network starts above the picture ({start:.1f} in its
first epoch): ten sums in a row make large logits, the problem of the next section. Every epoch report has these norms
by layer (`layers.gradient_norms`), so that one epoch shows the problem."""
