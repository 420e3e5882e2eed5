"""The page of a training that began at the first page: how far it is, how the error falls, and then the call list."""

from collections.abc import Sequence

from flask import Response

from app.pages.page_route import page_route
from app.pages.rendering import render_page
from app.schemas.job_resource import load_job
from app.services import Services
from store.errors import NotFoundError
from store.jobs.epoch import Epoch
from store.jobs.read import get_job, list_epochs

MOST_EPOCHS = 1000
WIDTH, HEIGHT = 600.0, 160.0


def show_training(services: Services, dataset_id: str, job_id: str) -> Response:
    """Return the page, which reads itself again while the training runs."""
    with services.database.read() as connection:
        row = get_job(connection, job_id)
        if row.kind != "training" or row.dataset_id != dataset_id:
            raise NotFoundError(f"job {job_id} is no training on dataset {dataset_id}")
        job = load_job(connection, row)
        epochs = list_epochs(connection, job_id, page_size=MOST_EPOCHS).rows
    return render_page("training", section="/", job=job, owner=row.owner, curve=error_curve(epochs), epochs=epochs)


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
