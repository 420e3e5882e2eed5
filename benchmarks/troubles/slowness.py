"""Slow convergence: columns on unequal scales, with optimizers, schedules and scaling as cures."""

from pathlib import Path
from typing import Any, TypeAlias

from model.spec import Spec
from troubles.drawing import BLUE, GREEN, MUTED, ORANGE, PURPLE, TEAL, TROUBLE, Look, picture
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
STILL = {"optimizer": {"name": "sgd", "learning_rate": 1e-12}, "epochs": 1}  # the loss of the initial weights
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
    """Return the changes of a kind of training to the base spec, at a learning rate."""
    changes = KINDS[kind]
    return {**changes, "optimizer": {"name": changes["optimizer"], "learning_rate": rate}}


SWEEP = {(kind, rate): changes_of(kind, rate) for kind in KINDS for rate in RATES}
Sweep: TypeAlias = dict[tuple[str, float], Training]
CHANGES = {f"{kind}, {rate:g}": changes for (kind, rate), changes in SWEEP.items()} | {
    name: {"optimizer": ADAM, "schedule": schedule} for name, schedule in SCHEDULES.items()
}


def section(images: Path) -> Section:
    """Train, draw, and return the section."""
    sweep = {key: train("customers", BASE, changes) for key, changes in SWEEP.items()}
    waves = {name: train("customers", BASE, CHANGES[name]) for name in SCHEDULES}
    best = {kind: min(RATES, key=lambda rate: end(sweep[kind, rate])) for kind in KINDS}
    born = dead_in(train("customers", BASE, STILL))
    draw(images, sweep, waves, best, born)
    shown = {f"{kind}, {rate:g}": sweep[kind, rate] for kind, rate in best.items()} | waves
    shown = {"SGD, 0.01": sweep["SGD", 0.01], **shown}
    return Section(
        name="slowness",
        title="Slow convergence",
        table="customers",
        alt="Above, loss by epoch and final loss by learning rate; below, loss and dead units by schedule",
        base=BASE,
        changes={name: CHANGES[name] for name in shown},
        head=("epochs to 0.48", "final training loss", "dead units"),
        rows={name: row(training) for name, training in shown.items()},
        text=f"{scales(sweep, best, born)}\n{rates(waves, born)}",
        look=LOOK,
    )


def end(training: Training) -> float:
    """Return the final loss; infinity if the training diverged."""
    return float("inf") if training.diverged else training.losses[-1]


def row(training: Training) -> tuple[str, str, str]:
    """Return the row of a training in the table."""
    dead = training.reports[-1].dead_units
    return (str(training.reaches(0.48) or "never"), f"{training.losses[-1]:.3f}", f"{dead:.0%}")


def draw(images: Path, sweep: Sweep, waves: dict[str, Training], best: dict[str, float], born: float) -> None:
    """Draw losses at the best rates, final losses by rate, and losses and dead units by schedule."""
    title = "Loss by epoch, final loss by learning rate, loss and dead units by schedule"
    with picture(images / "gallery-slowness.svg", title, 2, 7.6, rows=2) as (_, panels):
        by_epoch, by_rate, by_schedule, dead = panels
        for look in LOOKS:
            losses = sweep[look.label, best[look.label]].losses
            look.draw(by_epoch, range(1, len(losses) + 1), losses)
            ends = [min(end(sweep[look.label, rate]), 1.0) for rate in RATES]
            look.draw(by_rate, list(RATES), ends)
        by_epoch.set(xlabel="epoch", title="training loss, each at its best rate", ylim=(0.39, 0.65))
        by_epoch.legend(loc="upper right", ncols=2)
        by_rate.set(xscale="log", xlabel="learning rate", title="loss after 60 epochs", ylim=(0.39, 0.65))
        for name, training in waves.items():
            look = Look(plain(name), *WAVES[name])
            for axes, values in ((by_schedule, training.losses), (dead, training.series("dead_units"))):
                look.draw(axes, range(1, len(values) + 1), values)
        by_schedule.set(xlabel="epoch", title=f"Adam at {HIGH}: training loss", ylim=(0.42, 0.6))
        by_schedule.legend(loc="upper right")
        dead.axhline(born, color=MUTED, linestyle=":", linewidth=1.5, label="with the first weights")
        dead.legend(*[each[-1:] for each in dead.get_legend_handles_labels()], loc="lower right")
        dead.set(xlabel="epoch", title=f"Adam at {HIGH}: share of dead units", ylim=(0, 1))


def plain(name: str) -> str:
    """Return the name of a schedule without the optimizer before it."""
    return name.partition(", ")[2]


def dead_in(training: Training) -> float:
    """Return the final share of dead ReLUs."""
    share: float = training.series("dead_units")[-1]
    return share


def scales(sweep: Sweep, best: dict[str, float], born: float) -> str:
    """Return the text about scales of columns and optimizers."""
    ends = {kind: end(sweep[kind, rate]) for kind, rate in best.items()}
    silent = {kind: dead_in(sweep[kind, rate]) for kind, rate in best.items()}
    drowned = [silent[kind] for kind in ("SGD", "momentum", "RMSprop", "Adam")]
    hold(
        ReLUs_are_born_silent=born > 0.25 and abs(born - min(drowned)) < 0.15 and abs(born - max(drowned)) < 0.15,
        batch_norm_keeps_units_alive=silent["SGD, batch norm"] < 0.02,
        own_steps_beat_SGD=max(ends["RMSprop"], ends["Adam"]) < min(ends["SGD"], ends["momentum"]) - 0.02,
        batch_norm_helps_some=ends["Adam"] < ends["SGD, batch norm"] < ends["SGD"],
        own_scaling_is_best=ends["SGD, own scaling"] == min(ends.values()),
    )
    return f"""
The spec divides four columns by unsuitable numbers: usage becomes a hundred times as large as months. One learning
rate must then fit directions of very different steepness: a rate for the steep one is too low for the flat one. Every
optimizer was tried at {len(RATES)} rates and is drawn at its best, as the mean of {BASE["members"]} seeds
(`members`). SGD ends at {ends["SGD"]:.3f} (rate {best["SGD"]:g}) and momentum at {ends["momentum"]:.3f}
({best["momentum"]:g}). RMSprop and Adam give each parameter its own step. They reach {ends["RMSprop"]:.3f} and
{ends["Adam"]:.3f}, and Adam is below the *final* loss of SGD after
{sweep["Adam", best["Adam"]].reaches(ends["SGD"])} of 60 epochs.

The dead units in the table show another effect. Usage dominates the other columns, so that the initial weight for
usage decides whether a unit is ever active. {born:.0%} of the ReLUs are 0 for every validation customer before the
first step, and {min(drowned):.0%} to {max(drowned):.0%} after the last. Batch norm, which centres the input of a
ReLU, leaves hardly any dead unit, but cannot repair the scales ({ends["SGD, batch norm"]:.3f}). The best cure is to
scale the columns well: with the robust scaling that Ebb fits by default, SGD reaches
{ends["SGD, own scaling"]:.3f}, and Adam is not needed.
"""


def rates(waves: dict[str, Training], born: float) -> str:
    """Return the text about schedules and warm-up."""
    ends = {plain(name): training.losses[-1] for name, training in waves.items()}
    dead = {plain(name): dead_in(training) for name, training in waves.items()}
    hold(
        falling_rates_end_lower=max(ends["step decay"], ends["cosine"]) < ends["constant"],
        the_first_steps_kill=waves[f"Adam {HIGH}, constant"].series("dead_units")[9] > born + 0.1,
        a_warm_up_saves_units=dead["warm-up"] < dead["constant"] and dead["warm-up, cosine"] < dead["cosine"],
        a_warm_up_helps=ends["warm-up"] < ends["constant"] and ends["warm-up, cosine"] < ends["cosine"],
    )
    return f"""
The rate of Adam still matters. On these columns {HIGH} is too high at the end and at the start. A constant rate ends
at {ends["constant"]:.3f}, a step decay at {ends["step decay"]:.3f} and a cosine at {ends["cosine"]:.3f}. They do not
correct the first steps, which Adam takes at full length while its estimate of the gradient's size is poor. The share
of dead units rises within a few epochs from {born:.0%} and stays high: {dead["constant"]:.0%} at the end with the
constant rate. A warm-up over the first tenth of the steps leaves {dead["warm-up"]:.0%} dead and ends at
{ends["warm-up"]:.3f}; followed by a cosine, at {ends["warm-up, cosine"]:.3f}. One cycle, which is similar, ends at
{ends["one cycle"]:.3f}. Ebb's default is Adam at {Spec().optimizer.learning_rate:g} with a short warm-up and a
cosine."""


LOOK = """
the upper right picture before the upper left one. An optimizer is not fast or slow: it has a range of rates that work,
and only its best rate is a fair comparison. Below, the falling schedules separate from the constant rate when the step
must be smaller than the noise. The dead units separate in the first epochs, by warm-up alone."""
