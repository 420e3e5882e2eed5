"""Dates in other formats than ISO 8601: 03/15/2023, 15.03.2023, 15 Mar 2023, 2023-03-15 10:20:30 UTC."""

import re
from datetime import datetime, timedelta, timezone

from model.columns.cells import DAY, END_DAY, EPOCH, FIRST_DAY, days_since_epoch
from model.columns.read_as import ReadAs

LONGEST = 48
ORDERS: tuple[ReadAs, ...] = ("date", "month_first", "day_first")
"""How a date is read: year first or with the month's name; the others also take 03/04/2023, with the month or the day
first."""
NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)
# Formatted by hand: a line for North America, a line for Europe.
ZONES = {"z": 0, "utc": 0, "gmt": 0, "ut": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6} | {
    "pst": -8, "pdt": -7, "wet": 0, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3
}  # fmt: skip
DATE = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
    r"(?:(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})"
    r"|(?P<first>\d{1,2})(?P<t>[-/.])(?P<second>\d{1,2})(?P=t)(?P<year>\d{4}|\d{2})"
    rf"|(?P<nd>\d{{1,2}})[ -](?P<nm>{MONTH})\.?,?[ -](?P<ny>\d{{4}}|\d{{2}})"
    rf"|(?P<mm>{MONTH})\.? (?P<md>\d{{1,2}}),? (?P<my>\d{{4}}))"
    r"(?:(?:t|,? )(?P<h>\d{1,2}):(?P<min>\d{2})(?::(?P<sec>\d{2})(?:[.,](?P<frac>\d{1,9}))?)? ?(?P<half>[ap]m)?"
    rf"(?: ?(?P<zone>{'|'.join(ZONES)}|(?:utc|gmt)?[+-]\d{{2}}:?\d{{2}}))?)?",
    re.ASCII,
)
NOON = 12


def parse_date(text: str, order: str) -> float | None:
    """Return the days since 1970-01-01 UTC of a date or timestamp; None for another text.

    A time without a zone counts as UTC. Zones are those of RFC 822 and the European ones. Two digits of a year are
    those of 1969 to 2068, as POSIX has it.

    Example:
        >>> parse_date("02/01/1970", "day_first"), parse_date("2 Jan 1970 12:00 UTC", "date")
        (1.0, 1.5)
    """
    text = text.strip()
    if (days := days_since_epoch(text)) is not None:
        return days
    found = DATE.fullmatch(" ".join(text.lower().split())) if len(text) <= LONGEST else None
    if found is None:
        return None
    if found["first"]:
        day, month = (found["second"], found["first"]) if order == "month_first" else (found["first"], found["second"])
        year = found["year"] if order != "date" else "0"
    else:
        year, day = found["y"] or found["ny"] or found["my"], found["d"] or found["nd"] or found["md"]
        month = found["m"] or str(NAMES.index((found["nm"] or found["mm"])[:3]) + 1)
    try:
        moment = datetime(_year(year), int(month), int(day), tzinfo=_zone(found["zone"] or "z")) + _time(found)
        days = (moment - EPOCH) / DAY
    except (ValueError, OverflowError):
        return None
    return days if FIRST_DAY <= days < END_DAY else None


def _year(text: str) -> int:
    year = int(text)
    return year if len(text) != 2 else year + (2000 if year < 69 else 1900)


def _time(found: re.Match[str]) -> timedelta:
    """Return the time of day. Raises: ValueError when there is no such time."""
    hour, minute, second = (int(found[part] or 0) for part in ("h", "min", "sec"))
    if found["half"]:
        if not 1 <= hour <= NOON:
            raise ValueError("an hour before am or pm is 1 to 12")
        hour = hour % NOON + NOON * (found["half"] == "pm")
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("no such time of day")
    return timedelta(hours=hour, minutes=minute, seconds=second + float(f"0.{found['frac'] or 0}"))


def _zone(text: str) -> timezone:
    if text in ZONES:
        return timezone(timedelta(hours=ZONES[text]))
    sign, digits = text.removeprefix("utc").removeprefix("gmt")[0], re.sub(r"\D", "", text)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(offset if sign == "+" else -offset)
