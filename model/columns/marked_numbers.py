"""Numbers as people write them: decimal comma, thousands separators, currency and percent signs, units, (brackets)."""

import math
import re
from functools import cache

from model.columns.numbers import NUMBER

LONGEST = 64  # characters of a number with its mark
SYMBOLS = "$€£¥₹₩₽₺₴₫₪฿₦"
CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|BRL|CAD|AUD|SEK|NOK|DKK|PLN|CZK|HUF|ZAR|MXN|RUB|TRY|KRW|SGD|HKD|NZD"  # ISO 4217
PREFIX = rf"[A-Z]{{0,3}}[{SYMBOLS}]|Rs\.?|[Kk]r\.?|{CODES}"
BLANKS = re.compile(r"[\s\u00a0\u202f]+")
MARKED = re.compile(
    rf"(?P<open>\()?(?P<sign>[-+\u2212])? ?(?P<before>{PREFIX})? ?(?P<inner>[-+\u2212])?"
    r"(?P<digits>[.,]?\d(?:[\d.,'\u2019 ]*\d)?[.,]?) ?"
    r"(?P<after>[^\d\s.,()'+\u2212-][^\d()]{0,20}?)?(?P<trailing>[-\u2212])?(?P<close>\))?",
    re.ASCII,
)
GROUPS = {".": r"[1-9]\d{0,2}(?:,\d{2,3})*,\d{3}|[1-9]\d{0,2}(?:(?P<s>[ '\u2019])\d{3})(?:(?P=s)\d{3})*"}
GROUPS[","] = GROUPS["."].replace(r"(?:,\d{2,3})*,\d{3}", r"(?:\.\d{3})+")
DECIMALS = {
    mark: re.compile(rf"(?P<whole>\d*|{groups})(?:[{mark}](?P<part>\d*))?", re.ASCII) for mark, groups in GROUPS.items()
}


@cache
def _unit(text: str) -> str:
    """Return a mark without its full stop, and a unit in the singular and in lower case."""
    text = text.strip().rstrip(".")
    return text if is_currency(text) else text.lower().removesuffix("s") or text


def is_currency(mark: str) -> bool:
    """Tell whether a mark is a currency."""
    return re.fullmatch(PREFIX, mark) is not None


def split_number(text: str) -> tuple[str, str] | None:
    """Return the mark of a number and its digits with a sign; None for another text.

    Example:
        >>> split_number("($1,234.50)"), split_number("12 months"), split_number("Gold")
        (('$', '-1,234.50'), ('month', '12'), None)
    """
    if len(text) > LONGEST:
        return None
    found = MARKED.fullmatch(BLANKS.sub(" ", text.strip().strip('"').strip()))
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        return None
    signs = [sign for sign in (found["open"], found["sign"], found["inner"], found["trailing"]) if sign]
    if len(signs) > 1:
        return None
    minus = "-" if signs and signs[0] != "+" else ""
    return _unit(found["before"] or found["after"] or ""), minus + found["digits"]


def parse_digits(digits: str, decimal: str) -> float:
    """Return the number, read with a decimal point or comma; NaN where the digits are no such number.

    Example:
        >>> parse_digits("1,234.5", "."), parse_digits("1.234,5", ","), parse_digits("1,5", ".")
        (1234.5, 1234.5, nan)
    """
    found = DECIMALS[decimal].fullmatch(digits.removeprefix("-"))
    if found is None or not (found["whole"] or found["part"]):
        return math.nan
    number = float(f"{re.sub(r'[^0-9]', '', found['whole']) or 0}.{found['part'] or 0}")
    return -number if digits.startswith("-") else number


def parse_marked(text: str, decimal: str, mark: str) -> float:
    """Return the number in a text of this mark; NaN for another text."""
    if not mark and decimal == "." and NUMBER.fullmatch(text.strip()):
        return float(text)
    found = split_number(text)
    return math.nan if found is None or found[0] != mark else parse_digits(found[1], decimal)
