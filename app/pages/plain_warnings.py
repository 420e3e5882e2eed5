"""Warnings about a table in the words of a reader who knows customers and no statistics."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

PLAIN = {
    "leaking_column": "“{column}” alone almost gives away who left. It was probably filled in afterwards, so it is "
    "left out. Choose a kind for it only if it is known beforehand.",
    "identifying_column": "“{column}” is different for every customer: nothing can be learned from it. It is left out.",
    "too_many_categories": "“{column}” has too many different texts to learn from. It is left out.",
    "row_number": "“{column}” numbers the rows. It is left out.",
    "empty_column": "“{column}” is empty in every row. It is left out.",
    "constant_column": "“{column}” is the same for everybody. It is left out.",
    "inverted_target": "It sounds as if yes in “{column}” means that a customer stayed. If so, turn it around in your "
    "file and send it again: yes must mean that a customer left.",
}
REMEDIES = {
    "several_sheets": "To read another, move it to the first place in the workbook, and send the file again.",
    "unclear_encoding": "If letters look wrong below, save the file as UTF-8, and send it again.",
    "unclear_delimiter": "If the columns look wrong below, save the file as Excel (XLSX), and send it again.",
}
OPTIONS = re.compile(r"\. (If it|If that|To read another)\b.*", re.DOTALL)
"""The sentences of a warning that name options of a request."""
"""What to say in place of a warning's own sentence, by its code: that one names options of the training spec."""


def plain_warnings(warnings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each warning.

    Example:
        >>> plain_warnings([{"code": "empty_column", "column": "fax", "detail": "…"}])
        ['“fax” is empty in every row. It is left out.']
        >>> plain_warnings([{"code": "read_as", "column": "fee", "detail": "'$1' is 1. If it holds categories, …"}])
        ["'$1' is 1."]
        >>> plain_warnings([{"code": "several_sheets", "detail": "'A' was read, not 'B'. To read another, name it: …"}])
        ["'A' was read, not 'B'. To read another, move it to the first place in the workbook, and send the file again."]
    """
    return [_plain(warning) for warning in warnings]


def _plain(warning: Mapping[str, Any]) -> str:
    if (known := PLAIN.get(warning["code"])) is not None:
        return known.format(column=warning["column"])
    told = OPTIONS.sub(".", str(warning["detail"]))
    return f"{told} {REMEDIES[warning['code']]}" if warning["code"] in REMEDIES else told
