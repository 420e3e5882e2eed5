"""The table of all pages."""

from app.pages import (
    calls_page,
    compare_page,
    glass_box_page,
    job_page,
    jobs_page,
    keys_page,
    login,
    models_page,
    operations_page,
    start_page,
    static_files,
    table_page,
    training_page,
    version_page,
)
from app.routing.route import Route

PAGES: tuple[Route, ...] = (
    *start_page.ROUTES,
    *table_page.ROUTES,
    *training_page.ROUTES,
    *calls_page.ROUTES,
    *jobs_page.ROUTES,
    *job_page.ROUTES,
    *models_page.ROUTES,
    *version_page.ROUTES,
    *compare_page.ROUTES,
    *glass_box_page.ROUTES,
    *operations_page.ROUTES,
    *keys_page.ROUTES,
    *login.ROUTES,
    *static_files.ROUTES,
)
