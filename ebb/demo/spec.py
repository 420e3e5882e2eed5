"""What the demonstration trains: 4-8-4-1 in batches of 32, until the validation loss stabilises.

Eight members, because one such network alone lands more than 0.025 AUC below the best possible on about one table of
1,000 customers in 25. The average of eight stayed within 0.020 on 200 tables.
"""

DEMO_SPEC: dict[str, object] = {
    "layers": [8, 4],
    "members": 8,
    "batch_size": 32,
    "epochs": 100,
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "schedule": {"name": "cosine", "warmup": 0.05},
    "early_stopping": {"patience": 20},
}
