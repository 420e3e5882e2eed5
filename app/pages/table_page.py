"""The page of an uploaded table: first it asks who left, then it shows the columns and trains."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.pages.column_guesses import find_outcomes, guess_id, left_out, unclear_outcomes
from app.pages.page_route import page_route
from app.pages.plain_warnings import plain_warnings
from app.pages.rendering import render_page
from app.services import Services
from model.tables.file_reading import FileReading
from model.tables.first_rows import FirstRows
from store.alias_names import CHAMPION
from store.database import Connection
from store.datasets import get_dataset
from store.registry.aliases import find_alias
from store.registry.versions import get_version, list_models
from store.rows import DatasetRow

FIRST_ROWS = 5
MOST_MODELS = 20
KINDS = {"numeric": "number", "boolean": "yes or no", "categorical": "category", "date": "date"}


@dataclass(frozen=True)
class FittingModel:
    """A model whose champion was trained on the columns of a table."""

    name: str
    version: int


def show_table(services: Services, dataset_id: str) -> Response:
    """Return the page: it asks for the target of a table that has none, and else shows the columns."""
    with services.database.read() as connection:
        dataset = get_dataset(connection, dataset_id)
        models = [] if dataset.target else _fitting(connection, dataset)
    columns, warnings = dataset.schema["columns"], dataset.schema["warnings"]
    values: dict[str, Any] = {"section": "/", "dataset": dataset, "first": _first_rows(services, dataset)}
    if not dataset.target:
        values |= {"outcomes": find_outcomes(columns, dataset.rows), "unclear": unclear_outcomes(columns)}
        values |= {"columns": columns, "guessed_id": guess_id(columns, warnings), "models": models}
        return render_page("table_target", **values)
    drops = left_out(warnings)
    values["columns"] = [
        {**column, "choices": _choices(column), "dropped": column["name"] in drops, "shown": _shown(column)}
        for column in columns
    ]
    values |= {"warnings": plain_warnings(warnings), "model": model_name(dataset.name)}
    return render_page("table_columns", **values)


def _first_rows(services: Services, dataset: DatasetRow) -> FirstRows:
    path = services.artifacts.open_path(dataset.sha256)
    with services.uploads.held(), services.deadline.suspended():
        read_as = FileReading.of_stored(dataset.media_type, dataset.schema).to_json()
        return services.inspector.first_rows(path, read_as, FIRST_ROWS)


def model_name(table: str) -> str:
    """Return a name for the model of a table of this name.

    Example:
        >>> model_name("Kunden 2026.Q3 (final)"), model_name("客户")
        ('Kunden-2026.Q3-final', 'churn')
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", table).strip("-._")[:60]
    return name or "churn"


def _fitting(connection: Connection, dataset: DatasetRow) -> list[FittingModel]:
    """Return the models whose champion knows most of the table's columns."""
    present = {column["name"] for column in dataset.schema["columns"]}
    found = []
    for model in list_models(connection, page_size=MOST_MODELS).rows:
        if (alias := find_alias(connection, model.name, CHAMPION)) is None:
            continue
        needed = {column["name"] for column in get_version(connection, model.name, alias.version).columns}
        if len(needed & present) * 3 >= len(needed) * 2:
            found.append(FittingModel(model.name, alias.version))
    return found


def _choices(column: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the kinds that a column can have, with their names: of texts all, of other values also categories."""
    found = str(column["kind"])
    kinds = KINDS if found == "categorical" else {kind: KINDS[kind] for kind in (found, "categorical")}
    return list(kinds.items())


def _shown(column: Mapping[str, Any]) -> str:
    """Return what a column holds, in a few words.

    Example:
        >>> _shown({"kind": "numeric", "min": 1, "max": 59, "mean": 23.43})
        '1 to 59, on average 23.43'
        >>> _shown({"kind": "categorical", "distinct": 2, "categories": [{"value": "DSL", "count": 4}]})
        '2 values, such as DSL'
    """
    match column:
        case {"min": None}:
            return "no value"
        case {"min": low, "max": high, "mean": mean}:
            return f"{low:,} to {high:,}, on average {mean:,.4g}" if _are_numbers(low, mean) else f"{low} to {high}"
        case {"min": low, "max": high}:
            return f"{low} to {high}"
        case {"true": true, "false": false}:
            return f"{true:,} yes, {false:,} no"
        case {"distinct": distinct, "categories": [*some]}:
            names = ", ".join(str(one["value"])[:30] for one in some[:3])
            return f"{distinct:,} values" + (f", such as {names}" if names else "")
    return ""


def _are_numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)


ROUTES = (page_route("/start/{dataset_id}", show_table, "A table"),)
