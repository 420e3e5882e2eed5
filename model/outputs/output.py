"""The base class of outputs: they return the bytes of each chunk of scored rows, and of the end."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from model.estimator import Estimator
from model.heads import Head
from model.scoring import ScoredChunk


@dataclass(frozen=True)
class Layout:
    """The columns of an output: ids, predictions and reasons. `id_name` is "row" for a table without an id column."""

    id_name: str
    head: Head
    explain: int = 0

    @classmethod
    def of(cls, estimator: Estimator, explain: int = 0) -> "Layout":
        """Return the layout for the scores of an estimator."""
        return cls(estimator.id_column or "row", estimator.head, min(explain, len(estimator.encoder.names)))

    def name_of_ids(self, scored: ScoredChunk) -> str:
        """Return the name of the ids of these rows: "row" if they are the numbers of the rows."""
        return "row" if scored.numbered else self.id_name


class Output(ABC):
    """One file that is being written."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @abstractmethod
    def rows(self, scored: ScoredChunk) -> bytes:
        """Return the next bytes: those of these rows."""

    @abstractmethod
    def end(self) -> bytes:
        """Return the bytes after the last row."""
