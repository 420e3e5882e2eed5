"""The declaration of a route; `app.server.route_table` lists all routes."""
