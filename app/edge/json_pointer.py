"""JSON pointers into requests.

Source: RFC 6901.
"""

from model.parsing import escape

Path = tuple[object, ...]
"""The names and indexes on the way to a value. A pointer is made of it only where a problem is told: with a pointer for
every value, a long name would be copied for each value below it."""


def pointer(*names: object) -> str:
    """Return the pointer to a member of members.

    Example:
        >>> pointer("records", 0, "a/b")
        '/records/0/a~1b'
    """
    return "".join("/" + escape(name) for name in names)
