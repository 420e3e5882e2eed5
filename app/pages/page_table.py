"""The table of all pages."""

from app.pages import job_page, jobs_page, keys_page, login, operations_page, start_page, static_files
from app.routing.route import Route

PAGES: tuple[Route, ...] = (
    *start_page.ROUTES,
    *jobs_page.ROUTES,
    *job_page.ROUTES,
    *operations_page.ROUTES,
    *keys_page.ROUTES,
    *login.ROUTES,
    *static_files.ROUTES,
)
