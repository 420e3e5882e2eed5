"""The estimator of the peers: the same network on the same customers, by scikit-learn."""

import os
from pathlib import Path

import pandas as pd
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

COLUMNS = ["months", "monthly_charge", "support_tickets", "usage_hours"]


def train() -> Pipeline:
    """Train on the table at TRAINING_TABLE."""
    table = pd.read_csv(Path(os.environ["TRAINING_TABLE"]))
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((8, 4), max_iter=30, random_state=0, verbose=False))
    return pipeline.fit(table[COLUMNS], table["churned"])
