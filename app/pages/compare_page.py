"""Versions side by side: only what differs, their charts, and the customers who change sides."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import msgspec
from flask import Response
from msgspec import Meta

from app.errors import InputError
from app.pages.evaluation_charts import MOST_LINES, evaluation_charts
from app.pages.formats import NOTHING, number, significant
from app.pages.models_page import MODEL
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.field_types import time_text, whole
from app.services import Services
from app.views.diffs import DiffQuery, find_diff
from model.errors import Problem
from model.spec import parse_recipe
from store.database import Connection
from store.datasets import get_dataset
from store.registry.aliases import list_aliases
from store.registry.versions import get_version
from store.rows import DatasetRow, VersionRow

FIGURES = ("auc", "average_precision", "log_loss", "brier", "calibration_error")
MOST_CUSTOMERS = 10
Facts = Mapping[str, str]


class CompareQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The versions to compare; `customers` also scores the same customers by two of them."""

    versions: Annotated[str, whole("[1-9][0-9]{0,8}(?:,[1-9][0-9]{0,8})+", "two to four versions, with commas between")]
    customers: bool = False
    threshold: Annotated[float, Meta(gt=0, lt=1)] = 0.5


@dataclass(frozen=True)
class Difference:
    """A fact that is not the same for all versions, with its value for each."""

    name: str
    values: Sequence[str]


def show_comparison_page(services: Services, name: str, query: CompareQuery) -> Response:
    """Show what differs between versions."""
    numbers = list(dict.fromkeys(map(int, query.versions.split(","))))
    if not 2 <= len(numbers) <= MOST_LINES:
        text = f"must name two to {MOST_LINES} different versions, with commas between them"
        raise InputError.of([Problem("/query/versions", "range", text)])
    with services.database.read() as connection:
        rows = [get_version(connection, name, version) for version in numbers]
        facts = [_facts(connection, row) for row in rows]
    diff = None
    if query.customers and len(rows) == 2:
        asked = DiffQuery(against=numbers[0], threshold=query.threshold, most=MOST_CUSTOMERS)
        diff = find_diff(services, name, numbers[1], asked)
    return render_page(
        "compare",
        name=name,
        versions=rows,
        differences=list(differences(facts, _usual_spec())),
        charts=evaluation_charts({f"version {row.version}": row.metrics for row in rows}),
        diff=diff,
        threshold=query.threshold,
    )


def differences(facts: Sequence[Facts], usual: Facts) -> Iterator[Difference]:
    """Yield the facts that are not the same in all versions. That some lack a fact with its usual value is none.

    Example:
        >>> facts = [{"seed": "0", "layers": "[8]", "loss": "mean"}, {"seed": "1", "layers": "[8]"}]
        >>> list(differences(facts, {"loss": "mean"}))
        [Difference(name='seed', values=['0', '1'])]
    """
    for name in dict.fromkeys(name for each in facts for name in each):
        values = [each.get(name, NOTHING) for each in facts]
        if len(set(values)) > 1 and not set(values) <= {NOTHING, usual.get(name)}:
            yield Difference(name, values)


def _facts(connection: Connection, row: VersionRow) -> Facts:
    dataset = get_dataset(connection, row.dataset_id)
    aliases = [alias.alias for alias in list_aliases(connection, row.model) if alias.version == row.version]
    figures = (row.metrics.get("evaluation") or {}).get("metrics", {})
    return {
        "aliases": ", ".join(aliases) or NOTHING,
        "trained": (time_text(row.created_at) or "")[:16].replace("T", " "),
        **{name.replace("_", " "): _interval(figures[name]) for name in FIGURES if name in figures},
        "rows held out": number(row.metrics.get("valid_rows")),
        **_table(dataset),
        "columns": ", ".join(str(column["name"]) for column in row.columns),
        **_spec_facts(row.spec),
        **{f"made with: {tool}": str(release) for tool, release in row.environment.items()},
    }


def _spec_facts(spec: Mapping[str, Any]) -> Facts:
    return {f"spec: {path}": json.dumps(value, ensure_ascii=False) for path, value in leaves(spec)}


@cache
def _usual_spec() -> Facts:
    """Return the defaults of a spec, and those of a preset."""
    preset = dict(parse_recipe({"preset": "auto"}).to_json())
    del preset["preset"]
    return {**_spec_facts(preset), **_spec_facts(parse_recipe({}).to_json())}


def _table(dataset: DatasetRow) -> Facts:
    return {
        "dataset": f"{dataset.name or dataset.id}, {number(dataset.rows)} rows, {dataset.sha256[:8]}",
        "target": dataset.target,
    }


def _interval(figure: Mapping[str, float]) -> str:
    return f"{significant(figure['value'])} ({significant(figure['low'])} to {significant(figure['high'])})"


def leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield the path and value of everything in an object that is no object itself.

    Example:
        >>> list(leaves({"seed": 0, "schedule": {"name": "step"}}))
        [('seed', 0), ('schedule.name', 'step')]
    """
    for name, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from leaves(item, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", item


ROUTES = (page_route(f"{MODEL}/compare", show_comparison_page, "Compare versions", CompareQuery),)
