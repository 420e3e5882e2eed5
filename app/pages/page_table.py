"""The table of all pages."""

from app.pages import calls_page, login, start_page, static_files, table_page, training_page
from app.routing.route import Route

PAGES: tuple[Route, ...] = (
    *start_page.ROUTES,
    *table_page.ROUTES,
    *training_page.ROUTES,
    *calls_page.ROUTES,
    *login.ROUTES,
    *static_files.ROUTES,
)
