"""Measures whole fits of the home case as users run them, beside scikit-learn: python benchmarks/fits.py

A fit begins with a table in memory and ends with an estimator: columns, training with validation and reports,
calibration, evaluation, reasons, bytes. The command begins with a CSV file and ends with a file of the estimator.
"""

import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from pages import ROOT, machine, table, write_section
from peers import installed
from peers.measure import environment

from ebb.customers import customers
from model.estimator import Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

ROUNDS, BATCH, ROWS, EPOCHS = 9, 32, 1000, 100
GOAL_MS = 50
NOTE = """Processor time of one thread, medians of runs in turn. A fit of Ebb includes reports and validation of each
epoch, calibration, evaluation and the background of reasons. scikit-learn scales the numbers, trains with the
same layers, batches and epochs, and scores held-out rows after each epoch; it does not calibrate, evaluate or
explain. Its command reads the same CSV file and pickles the pipeline. Both commands find their modules
compiled, as in the image."""
INPUTS = ("months", "monthly_charge", "support_tickets", "usage_hours")
PEER_COMMAND = """
import csv, pickle, sys
import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
rows = list(csv.DictReader(open(sys.argv[1])))
X = np.array([[float(row[name]) for name in sys.argv[3].split(",")] for row in rows])
mlp = MLPClassifier((8, 4), batch_size=32, max_iter=100, early_stopping=True, validation_fraction=0.2,
                    n_iter_no_change=101, tol=0)
pipeline = make_pipeline(StandardScaler(), mlp).fit(X, [row["churned"] == "yes" for row in rows])
pickle.dump(pipeline, open(sys.argv[2], "wb"))
"""


def ours(text: bytes, epochs: int) -> Callable[[], object]:
    """Return a whole fit of Ebb."""
    cells = read_table(io.BytesIO(text), "csv")
    spec = parse_spec({"epochs": epochs, "batch_size": BATCH, "early_stopping": None})

    def fit() -> object:
        fitting = Fitting(cells, target="churned", id_column="customer_id", spec=spec)
        for _ in fitting.epochs():
            pass
        return fitting.estimator().to_bytes()

    return fit


def theirs(epochs: int) -> Callable[[], object]:
    """Return a whole fit of scikit-learn, which holds out rows and scores them after each epoch, too."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - need not be installed
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - need not be installed
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - need not be installed

    drawn = customers(ROWS, 0)
    X = np.array([drawn.columns()[name] for name in INPUTS], float).T
    y = np.array(drawn.churned, int)
    settings = {"batch_size": BATCH, "max_iter": epochs, "n_iter_no_change": epochs + 1, "tol": 0}

    def fit() -> object:
        mlp = MLPClassifier((8, 4), early_stopping=True, validation_fraction=0.2, **settings)
        return make_pipeline(StandardScaler(), mlp).fit(X, y)

    return fit


def fits() -> dict[str, list[float]]:
    """Return the seconds of processor time of whole fits, timed in turn."""
    text = customers(ROWS, 0).to_csv().encode()
    ways = {f"Ebb {epochs}": ours(text, epochs) for epochs in (1, EPOCHS)}
    if "scikit-learn" in installed():
        warnings.simplefilter("ignore")  # it has not converged
        ways |= {f"scikit-learn {epochs}": theirs(epochs) for epochs in (1, EPOCHS)}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, fit in ways.items():
            started = time.process_time()
            fit()
            seconds[name].append(time.process_time() - started)
    return seconds


def commands(folder: Path) -> dict[str, list[float]]:
    """Return the seconds of processor time of whole processes, run in turn."""
    data, spec = folder / "customers.csv", folder / "spec.json"
    data.write_text(customers(ROWS, 0).to_csv())
    spec.write_text(json.dumps({"epochs": EPOCHS, "batch_size": BATCH, "early_stopping": None}))
    named = [
        "--target",
        "churned",
        "--id",
        "customer_id",
        "--spec",
        str(spec),
        "--out",
        str(folder / "ebb.safetensors"),
    ]
    ways = {"Ebb": [sys.executable, "-m", "model", "train", str(data), *named]}
    if "scikit-learn" in installed():
        given = [str(data), str(folder / "peer.pickle"), ",".join(INPUTS)]
        ways["scikit-learn"] = [sys.executable, "-W", "ignore", "-c", PEER_COMMAND, *given]
    surroundings = environment(1) | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, command in ways.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=surroundings)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return seconds


def row(what: str, own: list[float], peer: list[float] | None, steps: int | None) -> list[str]:
    """Return a line of the table."""
    ratio = "not installed" if peer is None else f"{median(peer) / median(own):.3g}"
    step = "" if steps is None else f"{median(own) / steps * 1e6:.3g}"
    return [what, f"{median(own) * 1e3:.3g}", step, ratio]


def main() -> None:
    """Print the table; write its section if scikit-learn is there."""
    if sys.argv[1:] == ["fits"]:
        print(json.dumps(fits()))
        return
    command = [sys.executable, __file__, "fits"]
    surroundings = environment(1) | {"PYTHONPATH": str(ROOT)}
    within = json.loads(subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, check=True).stdout)
    with tempfile.TemporaryDirectory() as folder:
        whole = commands(Path(folder))
    steps = -(-ROWS * 8 // 10 // BATCH)
    fixed = median(within["Ebb 1"]) * 1e3
    goal = f"the fixed cost: a fit of one epoch ({'met' if fixed < GOAL_MS else 'MISSED'}: {GOAL_MS} ms)"
    rows = [
        row(goal, within["Ebb 1"], within.get("scikit-learn 1"), None),
        row(f"a fit of {EPOCHS} epochs", within[f"Ebb {EPOCHS}"], within.get(f"scikit-learn {EPOCHS}"), EPOCHS * steps),
        row("`python -m model train`, with start-up", whole["Ebb"], whole.get("scikit-learn"), EPOCHS * steps),
    ]
    text = table(["what", "Ebb, ms", "µs a step", "scikit-learn, × slower"], rows)
    print(f"{text}\n{machine()}")
    if "scikit-learn" in installed():
        write_section("fits", f"## Whole fits\n\n{text}\n\n{NOTE}\n\n`benchmarks/fits.py`. {machine()}")


if __name__ == "__main__":
    main()
