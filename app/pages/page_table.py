"""The table of all pages."""

from app.pages import login, start_page, static_files
from app.routing.route import Route

PAGES: tuple[Route, ...] = (
    *start_page.ROUTES,
    *login.ROUTES,
    *static_files.ROUTES,
)
