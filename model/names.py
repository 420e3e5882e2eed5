"""Checks names of keys, datasets, columns and customers, and clips and escapes names for messages.

No name contains control or format characters (Unicode's categories Cc, Cf, Zl, Zp) or lone surrogates: they control a
terminal, reorder text, are invisible or cannot be written. Names in data, of columns and customers, may contain the two
joiners: emoji, Persian and Hindi need them. Labels, the names of keys and datasets, contain no other invisible
characters either (Unicode's Default_Ignorable_Code_Point, and the empty Braille pattern): two labels that look the same
would be two.

Source: Unicode Standard, section 4.5, for the categories; section 5.21, for the ignorable characters; CVE-2021-42574
for the misuse of marks of direction.
"""

import json
import re

from model.errors import TableError
from model.limits import NAME_CHARACTERS

RULE = "without control characters, line separators, marks of the direction of writing and other format characters"
LABEL_RULE = "without control characters, line separators, marks of the direction of writing and invisible characters"
_INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000\U000e0002-\U000e001f\U000e0080-\U000e0fff"
)
_SURROGATES = "\ud800-\udfff"  # no document in UTF-8 has them, so that no pattern in one needs them
_REFUSED = (
    r"\x00-\x1f\x7f-\x9f"
    "\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f"
)
DATA_PATTERN = f"[^{_REFUSED}]*"
"""The regular expression of a column's or customer's name, with the same meaning in JSON Schema, RE2 and Python."""
LABEL_PATTERN = f"[^{_REFUSED}{_INVISIBLE}]*"
"""The regular expression of a key's or dataset's name."""

_BREAKS = dict.fromkeys(map(ord, "\t\n\r"), " ")
_FOUND = re.compile(f"[{_REFUSED}{_SURROGATES}]")
_FOUND_IN_LABEL = re.compile(f"[{_REFUSED}{_SURROGATES}{_INVISIBLE}]")


def refused_character(name: str, *, label: bool = False) -> str | None:
    r"""Return the code point of the first forbidden character of a name; None without one.

    With `label` it is the name of a key or a dataset.

    Example:
        >>> refused_character("Kündigung 👩‍💻"), refused_character("ana\u202elyst"), refused_character("a\x1b[2J")
        (None, 'U+202E', 'U+001B')
        >>> refused_character("👩‍💻", label=True)
        'U+200D'
    """
    found = (_FOUND_IN_LABEL if label else _FOUND).search(name)
    return f"U+{ord(found[0]):04X}" if found else None


def check_column_name(name: str) -> None:
    """Refuse the name of a column with a forbidden character. The line breaks of spreadsheets are allowed.

    Raises: TableError.
    """
    if found := refused_character(name.translate(_BREAKS)):
        raise TableError(f"the name of column '{escaped(name)}' holds {found}: write it {RULE}")


def clipped(name: str) -> str:
    """Return a name for a message: a name longer than any valid one is replaced by its beginning and its length.

    Example:
        >>> clipped("k" * 256) == "k" * 256, clipped("k" * 1000) == "k" * 256 + "… (1,000 characters)"
        (True, True)
    """
    return name if len(name) <= NAME_CHARACTERS else f"{name[:NAME_CHARACTERS]}… ({len(name):,} characters)"


def escaped(text: str) -> str:
    r"""Return a text for a terminal: characters forbidden in data are written as JSON escapes.

    Example:
        >>> print(escaped("column 'ana\u202elyst' is unknown"))
        column 'ana\u202elyst' is unknown
    """
    return _FOUND.sub(lambda found: json.dumps(found[0])[1:-1], text)
