"""The views, one subject a file: its schemas, the functions that answer its routes, and the routes."""
