"""What epoch reports and checkpoints cost beside the steps they are about.

python benchmarks/reports.py

A checkpoint is timed by itself. A report cannot be turned off, so epochs are compared with a single epoch over each row
as many times: the same steps on the same rows, and one report. The best of several rounds counts, because the cost is a
small difference of large times.
"""

from dataclasses import replace
from time import process_time

import numpy as np
from pages import machine, table, write_section
from peers.case import CASES, Case

from model.storage import pack_checkpoint
from model.training.trainer import Trainer

ROUNDS = {"home": 41, "medium": 9}
EPOCHS = {"home": 50, "medium": 8}
ASKED = 0.02


def seconds(case: Case) -> tuple[float, float]:
    """Processor time of an epoch, and of a packed checkpoint after it."""
    trainer, epochs, checkpoints = Trainer(case.spec, case.design), 0.0, 0.0
    reports = trainer.epochs()
    for _ in range(case.epochs):
        started = process_time()
        next(reports)
        ended = process_time()
        pack_checkpoint(trainer.checkpoint())
        epochs += ended - started
        checkpoints += process_time() - ended
    return epochs / case.epochs, checkpoints / case.epochs


def without_reports(case: Case) -> float:
    """Processor time of an epoch's steps: one epoch over as many rows as all the epochs have together."""
    design = replace(case.design, train_rows=np.tile(case.design.train_rows, case.epochs))
    reports = Trainer(replace(case.spec, epochs=1), design).epochs()
    started = process_time()
    next(reports)
    return (process_time() - started) / case.epochs


def costs(name: str) -> list[str]:
    """One line of the table."""
    case = CASES[name]
    whole_batches = case.rows // case.batch_size * case.batch_size
    case = replace(case, epochs=EPOCHS[name], rows=whole_batches)
    rounds = [(*seconds(case), without_reports(case)) for _ in range(ROUNDS[name])]
    epoch, checkpoint, steps = (min(column) for column in zip(*rounds, strict=True))
    report = max(0.0, epoch - steps) / (1 - 1 / case.epochs) / epoch
    checkpoint /= epoch
    verdict = "met" if report + checkpoint <= ASKED else "MISSED"
    return [case.title, f"{epoch * 1e3:.3g}", f"{report:.1%}", f"{checkpoint:.1%}", verdict]


def main() -> None:
    """Print the table and write it down."""
    head = ["case", "an epoch, ms", "its report", "a checkpoint each epoch", f"at most {ASKED:.0%} together"]
    text = table(head, [costs(name) for name in EPOCHS])
    print(f"{text}\n{machine()}")
    write_section(
        "reports", f"## Cost of epoch reports and checkpoints\n\n{text}\n\n`benchmarks/reports.py`. {machine()}"
    )


if __name__ == "__main__":
    main()
