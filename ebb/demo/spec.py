"""What the demonstration trains: 4-8-4-1 in batches of 32, until the validation loss stabilises."""

DEMO_SPEC: dict[str, object] = {
    "layers": [8, 4],
    "batch_size": 32,
    "epochs": 100,
    "optimizer": {"name": "adam", "learning_rate": 0.01},
    "schedule": {"name": "cosine", "warmup": 0.05},
    "early_stopping": {"patience": 20},
}
