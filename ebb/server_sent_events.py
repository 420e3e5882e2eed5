"""Server-sent events, read from a stream's text.

Source: HTML Living Standard, 9.2.6, Interpreting an event stream.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSentEvent:
    """One event; a sign of life is one without a name. `id` is the place it leaves its reader at, if it moves it."""

    event: str
    data: str = ""
    id: str | None = None


def read_events(parts: Iterable[str]) -> Iterator[ServerSentEvent]:
    r"""Yield the events of a text that comes in parts; one that breaks off is none.

    Example:
        >>> list(read_events([": hello\n\nid: 7\neve", "nt: epoch\ndata: {}\n\nevent: half"]))
        [ServerSentEvent(event='', data='', id=None), ServerSentEvent(event='epoch', data='{}', id='7')]
    """
    fields: dict[str, str] = {}
    for line in _lines(parts):
        if line.startswith(":"):
            yield ServerSentEvent("")
        elif line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
        else:
            if "data" in fields:
                yield ServerSentEvent(fields.get("event", "message"), fields["data"], fields.get("id"))
            fields = {}


def _lines(parts: Iterable[str]) -> Iterator[str]:
    # Not str.splitlines, which takes characters for line breaks that data may hold.
    rest = ""
    for part in parts:
        *lines, rest = (rest + part).split("\n")
        for line in lines:
            yield line.removesuffix("\r")
