"""The findings of a demonstration, which its report shows."""

from dataclasses import dataclass

from ebb.answers import Dataset, Epoch, Score, Version
from ebb.customers import CustomerTable
from ebb.demo.evaluation import Evaluation


@dataclass(frozen=True)
class Findings:
    """One run of the demonstration."""

    model: str
    alias: str
    dataset: Dataset
    version: Version
    epochs: tuple[Epoch, ...]
    customers: CustomerTable
    scores: tuple[Score, ...]
    evaluation: Evaluation

    def most_at_risk(self, count: int = 10) -> list[tuple[int, Score]]:
        """Return the customers most likely to leave, each with its row; equal ones in the order of their rows."""
        rows = range(len(self.scores))
        ranked = sorted(rows, key=lambda row: -(self.scores[row].churn_probability or 0.0))
        return [(row, self.scores[row]) for row in ranked[:count]]
