"""Customers with all kinds of columns, with gaps, and with categories that training did not see."""

from io import BytesIO

import numpy as np
import pandas as pd

from ebb.customers import customers
from model.columns import Table
from model.tables.reader import read_table


def mixed_table(rows: int, seed: int = 3) -> Table:
    """Return a table of numbers, words, flags and dates."""
    drawn = customers(rows, seed)
    frame = pd.DataFrame({**drawn.columns(), "churned": np.where(drawn.churned, "yes", "no")}).drop(
        columns="customer_id"
    )
    random = np.random.default_rng(seed)
    frame["plan"] = random.choice(["basic", "plus", "family", f"rare {seed}"], rows, p=[0.5, 0.3, 0.18, 0.02])
    frame.loc[random.random(rows) < 0.1, "plan"] = None
    frame["city"] = random.choice([f"city {number}" for number in range(12)], rows)
    frame["paperless"] = random.choice(["true", "false", None], rows)
    frame["since"] = [f"20{10 + month % 15}-0{1 + month % 9}-1{month % 10}" for month in drawn.months.tolist()]
    frame.loc[random.random(rows) < 0.1, "usage_hours"] = np.nan
    return read_table(BytesIO(frame.to_csv(index=False).encode()), "csv")
