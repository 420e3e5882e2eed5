"""Formats of numbers, shares and times in templates, as Jinja filters."""

from datetime import datetime

from markupsafe import Markup

from app.schemas.field_types import time_text

NOTHING = "–"


def number(value: float | None, digits: int = 0) -> str:
    """Write a number with thousands separators.

    Example:
        >>> number(1234567), number(0.12345, 3), number(None)
        ('1,234,567', '0.123', '–')
    """
    return NOTHING if value is None else f"{value:,.{digits}f}"


def significant(value: float | None, digits: int = 4) -> str:
    """Write a number with some significant digits.

    Example:
        >>> significant(0.000123456), significant(12.34567), significant(None)
        ('0.0001235', '12.35', '–')
    """
    return NOTHING if value is None else f"{value:.{digits}g}"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share as a percentage.

    Example:
        >>> share(0.1234), share(1, 0), share(None)
        ('12.3 %', '100 %', '–')
    """
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def duration(seconds: float | None) -> str:
    """Write a duration in its two largest units.

    Example:
        >>> duration(0.4), duration(75), duration(7260), duration(200_000), duration(None)
        ('0.4 s', '1 min 15 s', '2 h 1 min', '2 d 7 h', '–')
    """
    if seconds is None:
        return NOTHING
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, part, smaller in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {part}" if rest else "")
    return f"{whole} s"


def size(count: float | None) -> str:
    """Write a number of bytes.

    Example:
        >>> size(999), size(12_345), size(3_400_000_000), size(None)
        ('999 bytes', '12.3 kB', '3.4 GB', '–')
    """
    if count is None:
        return NOTHING
    for unit, bound in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= bound:
            return f"{count / bound:.1f} {unit}"
    return f"{count:.0f} bytes"


def when(moment: datetime | str | None) -> str:
    """Write a time, as the API has it or as a row has it, as an element that a script turns to the local zone.

    Example:
        >>> when("2026-01-02T03:04:05.600000Z")
        Markup('<time datetime="2026-01-02T03:04:05.600000Z">2026-01-02 03:04 UTC</time>')
    """
    text = time_text(moment) if isinstance(moment, datetime) else moment
    if text is None:
        return NOTHING
    return Markup('<time datetime="{}">{} {} UTC</time>').format(text, text[:10], text[11:16])


FILTERS = {
    "number": number,
    "significant": significant,
    "share": share,
    "duration": duration,
    "size": size,
    "when": when,
}
