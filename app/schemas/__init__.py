"""Schemas that several parts of the service share; a view keeps its own schemas in its file."""
