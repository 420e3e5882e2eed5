"""Measures the answers of the presets on labelled tables beside logistic regression, networks and boosted trees.

python benchmarks/quality.py [FOLDER [NAME ...]]

The folder holds tables NAME.csv, each with a NAME.json that names its target, id and categorical columns. Without a
folder the table is 1,000 customers of the home case. Five stratified folds; a row counts as predicted by the fit that
held it out.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from pages import machine, table, write_section
from tables.labelled import Labelled, home, read_folder
from tables.ours import Answers, ours
from tables.peers import PEERS, answers

from model.spec import parse_recipe

HEAD = ["table", "model", "log loss", "AUC", "calibration error", "CPU s a fit"]
LIBRARIES = ("sklearn", "lightgbm", "catboost")
WORST_ERROR = 0.02
SLACK = {"mlc5000": 0.005}  # labels made by rules, where trees are at home
PRESETS = ("quick", "auto")
NOTE = """Log loss, in nats, and AUC are means over five folds; the calibration error is that of all rows together. The
time of a fit is from the table in memory to the estimator with its evaluation and reasons. LightGBM's best of 20 random
settings is chosen by three inner folds."""


def measured(data: Labelled) -> dict[str, Answers]:
    """Return the answers of all models on a table."""
    found = {f'Ebb, "{preset}"': ours(data, parse_recipe(preset)) for preset in PRESETS}
    if all(find_spec(name) for name in LIBRARIES):
        found |= {name: answers(data, peer) for name, peer in PEERS.items()}
    return found


def verdicts(name: str, found: dict[str, Answers]) -> list[str]:
    """Return a sentence for each goal."""
    mine, peers = found['Ebb, "auto"'], [each for model, each in found.items() if model in PEERS]
    goals = [(f"calibration error at most {WORST_ERROR}", mine.error <= WORST_ERROR)]
    if peers:
        slack = SLACK.get(name, 0.0)
        best, area = min(peer.loss for peer in peers), max(peer.auc for peer in peers)
        goals.append((f"log loss at most the best peer's {best:.4f} + {slack}", mine.loss <= best + slack))
        goals.append((f"AUC at least the best peer's {area:.4f} - {slack}", mine.auc >= area - slack))
    return [f"{name}: {goal}: {'met' if met else 'MISSED'}." for goal, met in goals]


def main() -> None:
    """Print and write a line for each model on each table."""
    tables = read_folder(Path(sys.argv[1]), sys.argv[2:]) if len(sys.argv) > 1 else [home()]
    lines, said = [], []
    for data in tables:
        found = measured(data)
        for model, each in found.items():
            figures = [f"{each.loss:.4f}", f"{each.auc:.4f}", f"{each.error:.4f}", f"{each.seconds:.1f}"]
            lines.append([f"{data.name}, {len(data.y):,} rows", model, *figures])
            print(" ".join(f"{cell:<24}" for cell in lines[-1]), flush=True)
        said += verdicts(data.name, found)
        print("\n".join(said[-3:]), flush=True)
    write_section("quality", f"## Answers\n\n{NOTE}\n\n{table(HEAD, lines)}\n\n{' '.join(said)}\n\n{machine()}")


if __name__ == "__main__":
    main()
