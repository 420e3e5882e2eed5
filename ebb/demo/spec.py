"""The spec of the demonstration: a 4-8-4-1 network, batches of 32, early stopping.

The inputs are divided by fixed scales, so that a customer of (24, 79.99, 2, 45) becomes [0.40, 0.50, 0.20, 0.45]. There
are four members, because a single network is more than 0.025 AUC below the best possible on about one table of 1,000
customers in 100; the average of four was on none that was tried (`benchmarks/home_case.py`). A patience of 50 epochs
gives 50 to 100 epochs; the parameters of the best epoch are kept. The phrases are what reasons say.
"""

DEMO_SPEC: dict[str, object] = {
    "layers": [8, 4],
    "members": 4,
    "batch_size": 32,
    "epochs": 100,
    "optimizer": {"name": "adam", "learning_rate": 0.005},
    "early_stopping": {"patience": 50},
    "columns": {
        "months": {"scale": 60, "label": "time with us", "phrase": "months with us: {value}"},
        "monthly_charge": {"scale": 160, "label": "monthly charge", "phrase": "pays ${value} a month"},
        "support_tickets": {"scale": 10, "label": "number of support tickets", "phrase": "support tickets: {value}"},
        "usage_hours": {"scale": 100, "label": "viewing time", "phrase": "watches {value} h a month"},
    },
}
