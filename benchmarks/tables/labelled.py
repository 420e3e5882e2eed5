"""Labelled tables and their folds."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ebb.customers import customers
from model.columns import Table
from model.columns.target import labels
from model.design import Floats, Integers
from model.split import stratified_folds
from model.tables.reader import read_table

FOLDS = 5
SEED = 1000


@dataclass(frozen=True, eq=False)
class Labelled:
    """A table with its labels, and the texts of its cells for the libraries that read other forms.

    Shapes: y (n,); folds (n,), the fold that holds a row out.
    """

    name: str
    table: Table
    target: str
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    texts: dict[str, list[str]]
    y: Floats
    folds: Integers

    @classmethod
    def of(cls, name: str, data: bytes, target: str, categorical: list[str], drop: str | None) -> "Labelled":
        """Read a CSV file."""
        table = read_table(io.BytesIO(data), "csv")
        y = labels(table.columns[target], target)
        header, *rows = csv.reader(io.StringIO(data.decode()))
        names = [each for each in header if each not in (target, drop)]
        texts = {each: [row[header.index(each)] for row in rows] for each in names}
        folds = stratified_folds(y, ("customers who stayed", "churners"), FOLDS, SEED)
        columns = {each: table.columns[each] for each in (*names, target)}
        numeric = tuple(each for each in names if each not in categorical)
        chosen = tuple(each for each in names if each in categorical)
        return cls(name, Table(columns, table.rows), target, numeric, chosen, texts, y, folds)

    def rows(self, fold: int) -> tuple[Integers, Integers]:
        """Return the rows to train on, and those that the fold holds out."""
        return np.flatnonzero(self.folds != fold), np.flatnonzero(self.folds == fold)

    def inputs(self, rows: Integers) -> Table:
        """Return some rows without their target."""
        part = self.table.take(rows)
        return Table({name: cells for name, cells in part.columns.items() if name != self.target}, part.rows)

    def numbers(self, rows: Integers) -> Floats:
        """Return the numeric columns of some rows, (rows, columns); an empty cell is NaN."""
        columns = [[float(self.texts[name][row] or "nan") for row in rows] for name in self.numeric]
        return np.array(columns, np.float64).reshape(len(self.numeric), len(rows)).T

    def categories(self, rows: Integers) -> list[list[str]]:
        """Return the categorical columns of some rows as texts, row by row."""
        return [[self.texts[name][row] for name in self.categorical] for row in rows]


def home() -> Labelled:
    """Return 1,000 customers of the home case."""
    return Labelled.of("home", customers(1000, 0).to_csv().encode(), "churned", [], "customer_id")


def read_folder(folder: Path, names: list[str]) -> list[Labelled]:
    """Return the tables NAME.csv of a folder. NAME.json names their target, their id and their categorical columns."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        if names and path.stem not in names:
            continue
        facts = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        found.append(Labelled.of(path.stem, path.read_bytes(), facts["target"], facts["categorical"], facts["id"]))
    return found
