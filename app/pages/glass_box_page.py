"""The glass box: one customer in the network of a version, with every output, every δ, and the reasons."""

from io import BytesIO
from typing import Annotated, Literal

import msgspec
from flask import Response
from msgspec import Meta

from app.errors import InputError
from app.inspection.inspector import InspectionRequest
from app.pages.network_drawing import layer_drawings, node_drawing
from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.pages.version_page import VERSION_PAGE
from app.schemas.field_types import DatasetRef
from app.services import Services
from app.submission.dataset_check import find_usable
from model.estimator import Estimator
from model.found_customer import MOST_ROWS, FoundCustomer, find_customer
from model.glass_box import GlassBox, Place, open_glass_box
from model.limits import NAME_CHARACTERS
from model.tables.file_reading import FileReading
from model.tables.opening import Source
from store.registry.versions import get_version
from store.rows import DatasetRow


class GlassBoxQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The customer, of this dataset or of the training's, the outcome from which δ flows back, and whose activations.

    Networks and their members are counted from 1.
    """

    customer: Annotated[str, Meta(max_length=NAME_CHARACTERS)] = ""
    dataset: DatasetRef | None = None
    outcome: Literal["", "left", "stayed"] = ""
    network: Annotated[int, Meta(ge=1, le=1000)] = 1
    member: Annotated[int, Meta(ge=1, le=2000)] = 1


def show_glass_box_page(services: Services, name: str, version: int, query: GlassBoxQuery) -> Response:
    """Show a customer of the version's dataset in its network."""
    estimator = services.estimators.get(services.versions.by_version(name, version))
    found = _customer(services, name, version, estimator, query)
    churned = found.churned if query.outcome == "" else query.outcome == "left"
    box = open_glass_box(estimator, found.cells, bool(churned), Place(query.network - 1, query.member - 1))
    explained = estimator.explain(found.cells)
    return render_page(
        "glass_box",
        name=name,
        version=version,
        query=query,
        found=found,
        churned=bool(churned),
        id_column=estimator.id_column,
        values=[(column, found.cells.columns[column].scalars()[0]) for column in estimator.encoder.names],
        box=box,
        inputs=_inputs(estimator, box),
        layers=layer_drawings(box),
        nodes=node_drawing(box),
        reasons=explained.reasons[0],
        gap=explained.gaps[0],
        baseline=estimator.baseline_log_odds,
        most=max((abs(reason.contribution) for reason in explained.reasons[0]), default=0.0) or 1.0,
    )


def _inputs(estimator: Estimator, box: GlassBox) -> list[tuple[str, float, float | None]]:
    """Return the name, value and δ of each feature; the code of an embedded category has no δ."""
    codes = {code.position for code in estimator.encoder.codes}
    deltas = [None if i in codes else delta for i, delta in enumerate(box.input_delta.tolist())]
    return list(zip(box.features, box.features.values(), deltas, strict=True))


def _customer(services: Services, name: str, version: int, estimator: Estimator, query: GlassBoxQuery) -> FoundCustomer:
    with services.database.read() as connection:
        row = get_version(connection, name, version)
        dataset, problems = find_usable(connection, query.dataset or row.dataset_id, "/query/dataset")
    if dataset is None:
        raise InputError.of(problems)
    with services.batches.held(), services.deadline.suspended():
        return find_customer(estimator, *_table(services, dataset), query.customer.strip())


def _table(services: Services, dataset: DatasetRow) -> tuple[Source, FileReading]:
    """Return a table and how it is read. A process of its own reads a workbook: its cells may take much memory."""
    path, how = services.artifacts.open_path(dataset.sha256), FileReading.of_stored(dataset.media_type, dataset.schema)
    if how.file_format != "xlsx":
        return path, how
    with services.uploads.held():
        text, _ = services.inspector.rows_as_csv(InspectionRequest(path, how.to_json(), rows=MOST_ROWS))
    return BytesIO(text.encode()), FileReading("csv", encoding="utf-8", delimiter="comma")


ROUTES = (page_route(f"{VERSION_PAGE}/glass-box", show_glass_box_page, "The glass box", GlassBoxQuery),)
