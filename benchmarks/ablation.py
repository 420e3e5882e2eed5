"""Measures what each part of the preset auto gives and costs, by leaving it out.

python benchmarks/ablation.py [FOLDER [NAME ...]]

The tables and folds are those of benchmarks/quality.py; only the first two of the five folds are answered.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pages import machine, table, write_section
from tables.labelled import Labelled, home, read_folder
from tables.ours import ours

from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.schedules.constant import Constant
from model.spec import Portfolio, Reasons, Spec

NOTE = """Each line leaves out one part of the preset, on all stages that have it. Figures are log losses in nats, means
over two of five folds, with the difference to the whole: above zero, the part helps. The seconds are of one processor,
for one fit."""

FOLDS_ANSWERED = 2

Change = Callable[[Spec], Spec | None]
"""From a stage to the stage without a part; None leaves the stage out."""

CHANGES: dict[str, Change] = {
    "the whole": lambda stage: stage,
    "without the periodic family": lambda stage: None if stage.periodic else stage,
    "without the family of plain numbers": lambda stage: None if stage.layers and not stage.periodic else stage,
    "without logistic regression": lambda stage: stage if stage.layers else None,
    "without normal scores": lambda stage: replace(stage, numbers="scaled"),
    "without feature scale": lambda stage: replace(stage, feature_scale=None),
    "without embeddings": lambda stage: replace(stage, embedding=None),
    "without dropout": lambda stage: replace(stage, dropout=0.0),
    "without weight decay": lambda stage: replace(stage, weight_decay=0.0) if stage.layers else stage,
    "without label smoothing": lambda stage: replace(stage, loss=BinaryCrossEntropy()),
    "without residual blocks": lambda stage: replace(stage, residual=False),
    "at a constant rate": lambda stage: replace(stage, schedule=Constant()) if stage.layers else stage,
    "with three members": lambda stage: replace(stage, members=3),
}


def changed(data: Labelled, change: Change) -> Portfolio:
    """Return the preset for the training rows of a fold, changed."""
    common = Spec(reasons=Reasons("stayer"))  # the quickest baseline: reasons do not change the answers
    whole = Portfolio(common=common).planned(len(data.rows(0)[0]))
    return replace(whole, stages=tuple(found for stage in whole.stages if (found := change(stage)) is not None))


def main() -> None:
    """Print and write a line for each part."""
    tables = read_folder(Path(sys.argv[1]), sys.argv[2:]) if len(sys.argv) > 1 else [home()]
    lines, whole = [], dict[str, float]()
    for name, change in CHANGES.items():
        cells, seconds = [], 0.0
        for data in tables:
            found = ours(data, changed(data, change), FOLDS_ANSWERED)
            seconds += found.seconds / len(tables)
            difference = found.loss - whole.setdefault(data.name, found.loss)
            cells.append(f"{found.loss:.4f} ({difference:+.4f})")
        lines.append([name, *cells, f"{seconds:.1f}"])
        print(" ".join(f"{cell:<34}" for cell in lines[-1]), flush=True)
    head = ["preset auto", *(f"{data.name}, {len(data.y):,} rows" for data in tables), "CPU s a fit"]
    write_section("ablation", f"## Parts of the preset auto\n\n{NOTE}\n\n{table(head, lines)}\n\n{machine()}")


if __name__ == "__main__":
    main()
