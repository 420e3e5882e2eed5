"""The page of a training that began at the first page: how far it is, how the error falls, and then the call list."""

from collections.abc import Iterable, Sequence

from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.job_resource import load_job
from app.services import Services
from store.errors import NotFoundError
from store.jobs.epoch import Epoch
from store.jobs.read import get_job, list_epochs, list_jobs
from store.rows import JobRow

MOST_EPOCHS = 1000
LOOKED_AT = 200
"""The number of last scoring jobs among which the call list is searched."""
WIDTH, HEIGHT = 600.0, 160.0


def show_training(services: Services, dataset_id: str, job_id: str) -> Response:
    """Return the page, which reads itself again while the training runs."""
    with services.database.read() as connection:
        row = get_job(connection, job_id)
        if row.kind != "training" or row.dataset_id != dataset_id:
            raise NotFoundError(f"job {job_id} is no training on dataset {dataset_id}")
        job = load_job(connection, row)
        epochs = list_epochs(connection, job_id, page_size=MOST_EPOCHS).rows
        scorings = list_jobs(connection, kinds=("scoring",), model=row.model, page_size=LOOKED_AT).rows
    made = call_list_of(row, scorings)
    curve = error_curve(epochs)
    return render_page("training", section="/", job=job, owner=row.owner, curve=curve, epochs=epochs, made=made)


def call_list_of(training: JobRow, scorings: Iterable[JobRow]) -> JobRow | None:
    """Return the first call list of a training's table by its version, if there is one."""
    version = (training.result or {}).get("version")
    for row in scorings:
        if "call_list" in row.params and (row.dataset_id, row.params["version"]) == (training.dataset_id, version):
            return row
    return None


def error_curve(epochs: Sequence[Epoch]) -> str:
    """Return the points of the validation loss by epoch, for an SVG of WIDTH × HEIGHT; empty for fewer than two.

    The lowest loss is at the bottom, the highest at the top.
    """
    losses = [epoch.valid_loss for epoch in epochs if epoch.valid_loss is not None]
    if len(losses) < 2:
        return ""
    low, high = min(losses), max(losses)
    across, down = WIDTH / (len(losses) - 1), (HEIGHT - 10.0) / ((high - low) or 1.0)
    return " ".join(f"{place * across:.1f},{5.0 + (high - loss) * down:.1f}" for place, loss in enumerate(losses))


ROUTES = (page_route("/start/{dataset_id}/training/{job_id}", show_training, "A training"),)
