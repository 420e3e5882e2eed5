"""Paths that several views share, and the converters of the names in paths."""

VERSION = "/v1/models/{name}/versions/{version}"
ALIAS = "/v1/models/{name}/aliases/{alias}"

CONVERTERS = {"version": "number", "job_id": "id", "dataset_id": "id", "webhook_id": "id", "delivery_id": "id"}
"""The converters of names in paths; all others are slugs."""
