"""Measures the cost of epoch reports and checkpoints beside the steps of an epoch.

python benchmarks/reports.py

Reports cannot be turned off. So several epochs are compared with one epoch over the repeated rows: the same steps on
the same rows, with one report. The best of several rounds counts, because the cost is a small difference of large
times. A checkpoint is timed alone. The service stores one with a heartbeat, for at most a share of the time.
"""

from dataclasses import dataclass, replace
from time import process_time

import numpy as np
from pages import machine, table, write_section
from peers.case import CASES, Case

from model.design import Design
from model.storage import pack_checkpoint, sha256
from model.training.trainer import Trainer
from store.settings import Settings
from worker.progress_writer import COST_SHARE

ASKED = 0.02
HEAD = [
    "case",
    "an epoch, ms",
    "its report, µs",
    "share",
    "a checkpoint, µs",
    "if each epoch",
    "as stored",
    "at most 2%",
]
NOTE = f"""A report has losses, learning rate, gradient norm, and the gradient norm and update ratio of each layer; with
validation rows also their forward pass, loss, AUC and dead units. A checkpoint is copied, packed and digested. The
service stores one at most every {Settings.heartbeat_seconds:.0f} s, and spends at most {COST_SHARE:.0%} of the time on
storing: this is the share "as stored". The last column judges the report and the stored checkpoint together."""


@dataclass(frozen=True)
class Look:
    """A case, and the number of its rows held out for validation."""

    case: str
    valid: float
    epochs: int
    rounds: int


LOOKS = (Look("home", 0, 50, 41), Look("home", 0.2, 50, 41), Look("medium", 0, 8, 9), Look("medium", 0.2, 8, 9))


def design(case: Case, valid: float, times: int) -> Design:
    """Return the design of a case in whole batches, so that no batch is short. `times` repeats its rows."""
    X, y = case.data
    first = int(len(X) * valid)
    batches = (len(X) - first) // case.batch_size
    train = np.arange(first, first + batches * case.batch_size)
    return Design(X, y, None, np.tile(train, times), np.arange(first))


def seconds(case: Case, rows: Design, epochs: int) -> tuple[float, float]:
    """Return the processor time of an epoch, and of a packed checkpoint."""
    trainer = Trainer(replace(case.spec, epochs=epochs), rows)
    started = process_time()
    for _ in trainer.epochs():
        pass
    ended = process_time()
    for _ in range(epochs):
        sha256(pack_checkpoint(trainer.checkpoint()))
    return (ended - started) / epochs, (process_time() - ended) / epochs


def costs(look: Look) -> list[str]:
    """Return a line of the table."""
    case, epochs = CASES[look.case], look.epochs
    many, one = (design(case, look.valid, times) for times in (1, epochs))
    rounds = [(*seconds(case, many, epochs), seconds(case, one, 1)[0] / epochs) for _ in range(look.rounds)]
    epoch, checkpoint, steps = (min(column) for column in zip(*rounds, strict=True))
    report = max(0.0, epoch - steps) / (1 - 1 / epochs)
    stored = checkpoint / max(Settings.heartbeat_seconds, checkpoint / COST_SHARE)
    title = case.title.replace(", 100 epochs", "") + (f", {look.valid:.0%} for validation" if look.valid else "")
    verdict = "met" if report / epoch + stored <= ASKED else "MISSED"
    figures = [f"{epoch * 1e3:.3g}", f"{report * 1e6:.0f}", f"{report / epoch:.1%}", f"{checkpoint * 1e6:.0f}"]
    return [title, *figures, f"{checkpoint / epoch:.1%}", f"{stored:.4%}", verdict]


def main() -> None:
    """Print the table and write its section."""
    text = table(HEAD, [costs(look) for look in LOOKS])
    print(f"{text}\n{machine()}")
    source = f"`benchmarks/reports.py`. {machine()}"
    write_section("reports", f"## Cost of epoch reports and checkpoints\n\n{text}\n\n{NOTE}\n\n{source}")


if __name__ == "__main__":
    main()
