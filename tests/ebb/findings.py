"""Findings for a report without a service: customers, outcomes, and a version with noisy true probabilities."""

import numpy as np

from ebb.answers import ColumnContribution, Dataset, Epoch, Score, Version
from ebb.customers import customers
from ebb.demo.evaluation import compare
from ebb.demo.findings import Findings


def make_findings(model: str = "churn", customer_id: str = "c-0001") -> Findings:
    table = customers(200, seed=2)
    fresh = customers(20_000, seed=3, known=())
    noise = np.random.default_rng(1).normal(0, 0.4, len(fresh))
    logits = np.log(fresh.probability / (1 - fresh.probability)) + noise
    epochs = [
        Epoch(n, 0.01 * (1 - n / 40), 0.45 + 0.25 / n, 0.47 + 0.2 / n + 0.001 * max(0, n - 20), 0.8)
        for n in range(1, 31)
    ]
    columns = table.columns()
    scores = [
        Score(
            customer_id if row == 0 else str(columns["customer_id"][row]),
            float(table.probability[row]),
            [
                ColumnContribution("months", int(table.months[row]), 0.9, f"months with us: {table.months[row]}"),
                ColumnContribution("support_tickets", 7, 0.4, "support tickets: 7"),
                ColumnContribution("usage_hours", 4.5, -0.2, "watches 4.5 h a month"),
            ],
        )
        for row in range(len(table))
    ]
    return Findings(
        model=model,
        alias="champion",
        dataset=Dataset("0192-d", "ab" * 32, 200),
        version=Version(
            version=3,
            job_id="0192-j",
            spec={"layers": [8, 4]},
            metrics={"valid_auc": 0.83, "reliability": [{"rows": 20}]},
            data_sha256="ab" * 32,
            environment={"numpy": "2.4.6"},
            weights_sha256="cd" * 32,
        ),
        epochs=tuple(epochs),
        customers=table,
        scores=tuple(scores),
        evaluation=compare(fresh, 1 / (1 + np.exp(-logits))),
    )
