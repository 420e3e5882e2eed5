"""JSON pointers into requests.

Source: RFC 6901.
"""

from model.parsing import escape

Path = tuple[object, ...]
"""The names and indexes of a value. Only a problem makes a pointer of it: pointers for every value would copy a long
name once for each value below it."""


def pointer(*names: object) -> str:
    """Return the pointer to a member of members.

    Example:
        >>> pointer("records", 0, "a/b")
        '/records/0/a~1b'
    """
    return "".join("/" + escape(name) for name in names)
