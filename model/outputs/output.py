"""What every output is: bytes for the beginning, for each chunk of scored rows, and for the end."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from model.estimator import Estimator
from model.heads import Head
from model.scoring import ScoredChunk


@dataclass(frozen=True)
class Layout:
    """What an output holds of each row beside its error; `id_name` is "row" where the table names no customer."""

    id_name: str
    head: Head
    explain: int = 0

    @classmethod
    def of(cls, estimator: Estimator, explain: int = 0) -> "Layout":
        """Return the layout of what this estimator says of a table."""
        return cls(estimator.id_column or "row", estimator.head, min(explain, len(estimator.encoder.names)))


class Output(ABC):
    """One file in the making."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @abstractmethod
    def rows(self, scored: ScoredChunk) -> bytes:
        """Return the bytes of these rows, which follow those before."""

    @abstractmethod
    def end(self) -> bytes:
        """Return the bytes after the last row."""
