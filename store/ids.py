"""Identifiers that sort by the time they were made."""

import uuid_utils


def new_id() -> str:
    """Return a fresh UUIDv7, whose text sorts by the time it was made.

    Source: RFC 9562, section 5.7.
    """
    return str(uuid_utils.uuid7())
