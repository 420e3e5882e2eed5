"""The table of all pages."""

from app.pages import (
    compare_page,
    glass_box_page,
    job_page,
    jobs_page,
    login,
    models_page,
    start_page,
    static_files,
    version_page,
)
from app.routing.route import Route

PAGES: tuple[Route, ...] = (
    *start_page.ROUTES,
    *jobs_page.ROUTES,
    *job_page.ROUTES,
    *models_page.ROUTES,
    *version_page.ROUTES,
    *compare_page.ROUTES,
    *glass_box_page.ROUTES,
    *login.ROUTES,
    *static_files.ROUTES,
)
