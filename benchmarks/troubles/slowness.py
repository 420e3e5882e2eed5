"""Slow convergence: columns on unequal scales, and optimizers, schedules and scaling that cope."""

from pathlib import Path
from typing import Any

from troubles.drawing import BLUE, GREEN, MUTED, ORANGE, PURPLE, TEAL, TROUBLE, Look, legend, picture
from troubles.section import Section, hold
from troubles.training import Training, train

RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
HIGH = 0.1
BASE: dict[str, Any] = {
    "layers": [8, 4],
    "columns": {
        "months": {"scale": 600},
        "monthly_charge": {"scale": 160},
        "support_tickets": {"scale": 10},
        "usage_hours": {"scale": 5},
    },
    "optimizer": {"name": "sgd", "learning_rate": 0.01},
    "schedule": {"name": "constant"},
    "epochs": 60,
    "members": 16,
    "early_stopping": None,
}
KINDS: dict[str, dict[str, Any]] = {
    "SGD": {"optimizer": "sgd"},
    "momentum": {"optimizer": "momentum"},
    "RMSprop": {"optimizer": "rmsprop"},
    "Adam": {"optimizer": "adam"},
    "SGD, batch norm": {"optimizer": "sgd", "batch_norm": True},
    "SGD, own scaling": {"optimizer": "sgd", "columns": {}},
}
ADAM: dict[str, Any] = {"name": "adam", "learning_rate": HIGH}
SCHEDULES: dict[str, dict[str, Any]] = {
    f"Adam {HIGH}, constant": {"name": "constant"},
    f"Adam {HIGH}, warm-up": {"name": "constant", "warmup": 0.1},
    f"Adam {HIGH}, step decay": {"name": "step", "every": 20},
    f"Adam {HIGH}, cosine": {"name": "cosine", "warmup": 0.0},
    f"Adam {HIGH}, warm-up, cosine": {"name": "cosine", "warmup": 0.1},
    f"Adam {HIGH}, one cycle": {"name": "one_cycle"},
}
LOOKS = [
    Look("SGD", TROUBLE),
    Look("momentum", ORANGE, "--", "v"),
    Look("RMSprop", TEAL, "-.", "^"),
    Look("Adam", GREEN, "-", "o"),
    Look("SGD, batch norm", PURPLE, "-", "D"),
    Look("SGD, own scaling", BLUE, "-", "s"),
]
WAVES = dict(
    zip(
        SCHEDULES,
        ((TROUBLE, "-"), (ORANGE, "--"), (TEAL, "-."), (PURPLE, ":"), (GREEN, "-"), (BLUE, "--")),
        strict=True,
    )
)


def changes_of(kind: str, rate: float) -> dict[str, Any]:
    """What a kind of training changes in the base spec, at a learning rate."""
    changes = KINDS[kind]
    return {**changes, "optimizer": {"name": changes["optimizer"], "learning_rate": rate}}


SWEEP = {(kind, rate): changes_of(kind, rate) for kind in KINDS for rate in RATES}
CHANGES = {f"{kind}, {rate:g}": changes for (kind, rate), changes in SWEEP.items()} | {
    name: {"optimizer": ADAM, "schedule": schedule} for name, schedule in SCHEDULES.items()
}


def section(images: Path) -> Section:
    """Train, draw, and say what is to be seen."""
    sweep = {key: train("customers", BASE, changes) for key, changes in SWEEP.items()}
    waves = {name: train("customers", BASE, CHANGES[name]) for name in SCHEDULES}
    best = {kind: min(RATES, key=lambda rate: end(sweep[kind, rate])) for kind in KINDS}
    draw(images, sweep, waves, best)
    shown = {f"{kind}, {rate:g}": sweep[kind, rate] for kind, rate in best.items()} | waves
    shown = {"SGD, 0.01": sweep["SGD", 0.01], **shown}
    return Section(
        name="slowness",
        title="Slow convergence",
        table="customers",
        alt="Left, loss by epoch at each one's best rate; middle, final loss by rate; right, loss under six schedules",
        base=BASE,
        changes={name: CHANGES[name] for name in shown},
        head=("epochs to 0.48", "final training loss", "dead units"),
        rows={name: row(training) for name, training in shown.items()},
        text=words(sweep, waves, best),
        look=LOOK,
    )


def end(training: Training) -> float:
    """The final loss; infinite when the training diverged."""
    return float("inf") if training.diverged else training.losses[-1]


def row(training: Training) -> tuple[str, str, str]:
    """What the table says of a training."""
    dead = training.reports[-1].dead_units
    return (str(training.reaches(0.48) or "never"), f"{training.losses[-1]:.3f}", f"{dead:.0%}")


def draw(
    images: Path, sweep: dict[tuple[str, float], Training], waves: dict[str, Training], best: dict[str, float]
) -> None:
    """Draw losses at the best rates, final losses by rate, and losses by schedule."""
    title = "Loss by epoch, final loss by learning rate, and loss by schedule"
    with picture(images / "gallery-slowness.svg", title, 3, 4.6) as (figure, (by_epoch, by_rate, by_schedule)):
        for look in LOOKS:
            losses = sweep[look.label, best[look.label]].losses
            look.draw(by_epoch, range(1, len(losses) + 1), losses)
            ends = [min(end(sweep[look.label, rate]), 1.0) for rate in RATES]
            look.draw(by_rate, list(RATES), ends)
        by_epoch.set(xlabel="epoch", title="training loss, each at its best rate", ylim=(0.39, 0.65))
        by_rate.set(xscale="log", xlabel="learning rate", title="loss after 60 epochs", ylim=(0.39, 0.65))
        for name, training in waves.items():
            colour, dashes = WAVES[name]
            label = name.partition(", ")[2]
            Look(label, colour, dashes).draw(by_schedule, range(1, len(training.losses) + 1), training.losses)
        by_schedule.set(xlabel="epoch", title=f"Adam at {HIGH}, by schedule", ylim=(0.39, 0.65))
        by_schedule.legend(loc="upper right")
        by_schedule.axhline(waves[f"Adam {HIGH}, constant"].losses[-1], color=MUTED, linestyle=":", linewidth=1)
        legend(figure, by_epoch, 3)


def words(sweep: dict[tuple[str, float], Training], waves: dict[str, Training], best: dict[str, float]) -> str:
    """The section's text, with the figures of the trainings."""
    ends = {kind: end(sweep[kind, rate]) for kind, rate in best.items()}
    finals = {name.partition(", ")[2]: training.losses[-1] for name, training in waves.items()}
    dead = {name.partition(", ")[2]: training.reports[-1].dead_units for name, training in waves.items()}
    silent = [sweep[kind, best[kind]].reports[-1].dead_units for kind in ("SGD", "momentum", "RMSprop", "Adam")]
    low, high = min(silent), max(silent)
    hold(
        batch_norm_keeps_units_alive=sweep["SGD, batch norm", best["SGD, batch norm"]].reports[-1].dead_units < 0.005,
        ReLUs_are_silenced=low > 0.25,
        own_steps_beat_SGD=max(ends["RMSprop"], ends["Adam"]) < min(ends["SGD"], ends["momentum"]) - 0.02,
        batch_norm_helps_some=ends["Adam"] < ends["SGD, batch norm"] < ends["SGD"],
        own_scaling_is_best=ends["SGD, own scaling"] == min(ends.values()),
        falling_rates_end_lower=max(finals["step decay"], finals["cosine"]) < finals["constant"],
        a_warm_up_saves_units=dead["warm-up"] < dead["constant"] and dead["warm-up, cosine"] < dead["cosine"],
        a_warm_up_helps=finals["warm-up"] < finals["constant"] and finals["warm-up, cosine"] < finals["cosine"],
    )
    return f"""
The spec divides four columns by unsuitable numbers: usage ends up a hundred times as large as months. One learning
rate
must then serve directions of very different steepness, and what suits the steep one starves the flat one. Every kind
below was tried at {len(RATES)} rates and is drawn at its best, each as the mean of {BASE["members"]} seeds
(`members`): SGD ends at
{ends["SGD"]:.3f} (rate {best["SGD"]:g}) and momentum at {ends["momentum"]:.3f} ({best["momentum"]:g}), while RMSprop
and
Adam, which give each parameter a step of its own, reach {ends["RMSprop"]:.3f} and {ends["Adam"]:.3f}, below SGD's
*final* loss after {sweep["Adam", best["Adam"]].reaches(ends["SGD"])} of 60 epochs. The dead units in the table tell
the other half: where usage drowns the other columns, {low:.0%} to
{high:.0%} of the ReLUs end up silent for every validation customer. Batch norm, which centres what a ReLU sees, keeps
all of them alive, and still comes too late to undo the scales ({ends["SGD, batch norm"]:.3f}). The cheapest cure is
not
to have them: with the robust scaling that Ebb learns from the table by itself, SGD reaches
{ends["SGD, own scaling"]:.3f}, and Adam is a convenience.

Adam's own rate still matters. {HIGH} is too high to end with, and too high to begin with. A constant rate stops at
{finals["constant"]:.3f}; a step decay ends at {finals["step decay"]:.3f} and a cosine at {finals["cosine"]:.3f}. What
they cannot mend are the first steps, which Adam takes at full length while it hardly knows the gradient's size: they
throw ReLUs to where no customer reaches them, and with the constant rate {dead["constant"]:.0%} of the units end up
dead. A
warm-up over the first tenth of the steps leaves {dead["warm-up"]:.0%} dead and {finals["warm-up"]:.3f}, and with a
cosine after it {finals["warm-up, cosine"]:.3f}, as one cycle does ({finals["one cycle"]:.3f}). Ebb's default is Adam
at
0.001 with a short warm-up and a cosine."""


LOOK = """
the middle picture before you trust the left one: an optimizer is not fast or slow but has a range of rates that work,
and only its lowest point is a fair comparison. On the right the falling schedules part from the constant rate in the
second half, where the step must become smaller than the noise."""
