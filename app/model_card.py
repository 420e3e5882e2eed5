"""Model cards: builds the card of a version from the registry, and writes it as Markdown.

Source: Mitchell et al., Model Cards for Model Reporting (2019), whose sections these are.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from flask import Flask, render_template

from app.schemas.field_types import JsonObject, Time, time_text
from model.columns.phrases import spoken
from model.estimator import Estimator
from model.evaluation import warnings_of
from store.rows import DatasetRow, VersionRow


class CardDetails(msgspec.Struct, frozen=True):
    """The version's origin, layers, spec and environment."""

    created_at: Time
    job_id: str
    layers: list[str]
    parameters: int
    spec: JsonObject
    environment: JsonObject
    weights_sha256: str


class CardColumn(msgspec.Struct, frozen=True):
    """An input column, with the value of the baseline customer, or a typical value if the average is the baseline."""

    name: str
    kind: str
    missing: int | None
    baseline: float | str | bool | None


class CardData(msgspec.Struct, frozen=True):
    """The dataset that the version was trained on."""

    dataset: str
    name: str
    sha256: str
    rows: int
    target: str
    columns: list[CardColumn]
    left_out: list[str]
    warnings: list[str]


class Card(msgspec.Struct, frozen=True):
    """The facts that a user of a version should know."""

    model: str
    version: int
    aliases: list[str]
    intended_use: str
    details: CardDetails
    training_data: CardData
    metrics: JsonObject
    limitations: list[str]
    warnings: list[str]


USE = (
    "To rank the customers of the business whose data it was trained on by how likely they are to leave, to tell which "
    "columns move a customer's log-odds, and to decide whom to contact. Not for other businesses, and not to set a "
    "customer's prices or rights."
)
FEW_ROWS = 200
BASELINES = {
    "average": "the average over training customers, whom {background:,} of them represent",
    "stayer": "a typical customer who stayed",
    "record": "the customer that the training spec describes",
}


def install(app: Flask) -> None:
    """Set up Jinja for the card's template: the filter `cell` escapes Markdown."""
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.filters["cell"] = cell
    app.jinja_env.filters["span"] = span


def build_card(version: VersionRow, dataset: DatasetRow, estimator: Estimator, aliases: Sequence[str]) -> Card:
    """Build the card of a version."""
    missing = {column["name"]: column["missing"] for column in dataset.schema["columns"]}
    baseline = estimator.baseline_customer
    kinds = {column.name: column.kind for column in estimator.encoder.columns}
    return Card(
        model=version.model,
        version=version.version,
        aliases=list(aliases),
        intended_use=USE,
        details=CardDetails(
            created_at=str(time_text(version.created_at)),
            job_id=version.job_id,
            layers=network_text(estimator.network.layers_json),
            parameters=sum(array.size for array in estimator.network.arrays().values()),
            spec=version.spec,
            environment=version.environment,
            weights_sha256=version.weights_sha256,
        ),
        training_data=CardData(
            dataset=version.dataset_id,
            name=dataset.name,
            sha256=version.data_sha256,
            rows=dataset.rows,
            target=estimator.target,
            columns=[CardColumn(name, kind, missing.get(name), baseline[name]) for name, kind in kinds.items()],
            left_out=list(estimator.left_out),
            warnings=[str(warning["detail"]) for warning in estimator.warnings],
        ),
        metrics=version.metrics,
        limitations=list(_limitations(version.metrics, version.spec)),
        warnings=[warning["detail"] for warning in warnings_of(version.metrics)],
    )


def network_text(raw: Mapping[str, Any]) -> list[str]:
    """Describe the layers of a network in words, or each network of a blend.

    Example:
        >>> network_text({"blend": [{"layers": [{"relu": {}}]}, {"layers": [{"tanh": {}}]}], "weights": [0.75, 0.25]})
        ['0.75 of: relu', '0.25 of: tanh']
    """
    if "blend" not in raw:
        return [layer_text(layer) for layer in raw["layers"]]
    pairs = zip(raw["weights"], raw["blend"], strict=True)
    return [f"{weight:.2f} of: {', '.join(network_text(network))}" for weight, network in pairs]


def layer_text(raw: Mapping[str, Any]) -> str:
    """Describe a layer in words.

    Example:
        >>> layer_text({"residual": [{"dense": {"units": 8}}, {"relu": {}}]})
        'residual [dense (units 8), relu]'
    """
    ((name, settings),) = raw.items()
    if isinstance(settings, list):
        return f"{name} [{', '.join(map(layer_text, settings))}]"
    listed = ", ".join(f"{setting} {json.dumps(value)}" for setting, value in settings.items())
    return f"{name} ({listed})" if listed else name


def _limitations(metrics: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[str]:
    rows, held = int(metrics.get("valid_rows") or 0), spec.get("validation") or {}
    if not rows:
        yield "No rows were held out: how good it is on customers it has not seen is unknown."
        return
    if rows < FEW_ROWS:
        yield f"Only {rows} rows were held out, so that its validation figures are rough."
    if (metrics.get("evaluation") or {}).get("held_out") == "folds":
        yield "A member scored the rows that it held out: all members together are usually a little better than told."
    elif spec.get("early_stopping"):
        yield "The held-out rows also chose the best epoch, so that their figures flatter it a little."
    yield (
        "Its figures are of the rows that it held out itself: beside those of another version they do not say which is "
        "better. A diff of both compares them on rows that neither has seen."
    )
    if sweep := metrics.get("sweep"):
        chosen = f"It is the best of {sweep['compared']} configurations by the held-out rows, which flatters it"
        yield f"{chosen}: expect a loss about {sweep['optimism']:.4f} higher."
    if held.get("time") is None:
        yield "The held-out rows are of the same time as the training rows: of customers next year it says nothing."
    yield "It tells who is likely to leave, not who would stay if contacted, and its reasons are not causes."


def cell(value: object) -> str:
    r"""Escape a value for Markdown, also inside a table.

    Example:
        >>> cell("a|b_c\n<i>"), cell(None), cell(0.123456)
        ('a\\|b\\_c \\<i\\>', '–', '0.1235')
    """
    if value is None:
        return "–"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]()<>#|!~" else " " if mark.isspace() else mark for mark in text)


def to_markdown(card: Card) -> str:
    """Write a card as Markdown."""
    reasons: Any = card.metrics.get("reasons")
    baseline = BASELINES[reasons["baseline"]].format(**reasons) if reasons else None
    average = bool(reasons) and reasons["baseline"] == "average"
    facts = {"reasons": reasons, "baseline": baseline, "average": average}
    return render_template("card.md.jinja", card=card, details=card.details, data=card.training_data, **facts)


def span(group: Mapping[str, Any]) -> str:
    """Return the value, or the range of values, of a group of customers.

    Example:
        >>> span({"value": "Two year"}), span({"value": None}), span({"from": 1, "to": 3}), span({"from": 2, "to": 2})
        ('Two year', 'missing', '1 to 3', '2')
    """
    if "value" in group:
        return "missing" if group["value"] is None else spoken(group["value"])
    low, high = spoken(group["from"]), spoken(group["to"])
    return low if low == high else f"{low} to {high}"
