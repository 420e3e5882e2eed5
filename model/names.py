"""Checks names of keys, datasets, columns and customers for control characters and marks of direction.

Such characters control a terminal or reorder text. Joiners are allowed: emoji, Persian and Hindi need them.

Source: Unicode Standard Annex 9, section 2, for the marks of direction; CVE-2021-42574 for their misuse.
"""

import re

from model.errors import TableError

RULE = "without control characters, line separators and marks of the direction of writing"
_REFUSED = r"\x00-\x1f\x7f-\x9f" + "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
PATTERN = f"[^{_REFUSED}]*"
"""The regular expression of a name, with the same meaning in JSON Schema, RE2 and Python."""

_BREAKS = dict.fromkeys(map(ord, "\t\n\r"), " ")
_FOUND = re.compile(f"[{_REFUSED}]")


def refused_character(name: str) -> str | None:
    r"""Return the code point of the first forbidden character of a name; None without one.

    Example:
        >>> refused_character("Kündigung 👩‍💻"), refused_character("ana\u202elyst"), refused_character("a\x1b[2J")
        (None, 'U+202E', 'U+001B')
    """
    found = _FOUND.search(name)
    return f"U+{ord(found[0]):04X}" if found else None


def check_column_name(name: str) -> None:
    """Refuse the name of a column with a forbidden character. The line breaks of spreadsheets are allowed.

    Raises: TableError.
    """
    if found := refused_character(name.translate(_BREAKS)):
        raise TableError(f"the name of column '{escaped(name)}' holds {found}: write it {RULE}")


def escaped(text: str) -> str:
    r"""Return a text for a terminal: forbidden characters are written as JSON escapes.

    Example:
        >>> print(escaped("column 'ana\u202elyst' is unknown"))
        column 'ana\u202elyst' is unknown
    """
    return _FOUND.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
