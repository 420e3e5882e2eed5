"""JSON pointers into requests.

Source: RFC 6901.
"""

from model.parsing import escape


def pointer(*names: object) -> str:
    """Return the pointer to a member of members.

    Example:
        >>> pointer("records", 0, "a/b")
        '/records/0/a~1b'
    """
    return "".join("/" + escape(name) for name in names)


def last_name(text: str) -> str:
    """Return the name a pointer ends in.

    Example:
        >>> last_name("/columns/a~1b")
        'a/b'
    """
    return text.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
