"""An estimator with a column of each kind, and customers for it."""

import random
from io import BytesIO
from typing import Any

from model.estimator import Estimator, Fitting
from model.spec import parse_spec
from model.tables.reader import read_table

Record = dict[str, Any]

PLANS = ["DSL", "Fibre", "None: a:b"]


def customer(draw: random.Random) -> Record:
    """Return a customer in the form of a request."""
    day = f"20{draw.randrange(10, 26)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    return {
        "id": f"c-{draw.randrange(10**6)}",
        "months": draw.randrange(0, 72),
        "charge": round(draw.uniform(5, 120), 2),
        "plan": draw.choice(PLANS),
        "paperless": draw.random() < 0.5,
        "since": draw.choice([day, f"{day}T08:30:00Z"]),
    }


def train() -> Estimator:
    """Train for one epoch, enough for different probabilities."""
    draw = random.Random(5)
    rows = [customer(draw) for _ in range(200)]
    lines = ["id,months,charge,plan,paperless,since,always,left"]
    for row in rows:
        left = int(row["months"] + draw.uniform(-30, 30) < 30)
        lines.append(",".join([*(str(value) for value in row.values()), "same", str(left)]))
    table = read_table(BytesIO("\n".join(lines).encode()), "csv")
    fitting = Fitting(table, target="left", id_column="id", spec=parse_spec({"epochs": 1}))
    for _ in fitting.epochs():
        pass
    return fitting.estimator()


def train_wide(columns: int) -> Estimator:
    """Train for one epoch on numeric columns."""
    draw = random.Random(5)
    lines = [",".join([*(f"c{i}" for i in range(columns)), "churned"])]
    lines += [",".join([*(str(draw.randrange(100)) for _ in range(columns)), str(row % 2)]) for row in range(40)]
    table = read_table(BytesIO("\n".join(lines).encode()), "csv")
    fitting = Fitting(table, target="churned", id_column=None, spec=parse_spec({"epochs": 1}))
    for _ in fitting.epochs():
        pass
    return fitting.estimator()
