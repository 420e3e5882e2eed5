"""Parses server-sent events from the text of a stream.

Source: HTML Living Standard, 9.2.6, Interpreting an event stream.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSentEvent:
    """One event; a sign of life has no name. `id` is the position after it, or None if the position stays."""

    event: str
    data: str = ""
    id: str | None = None


def read_events(parts: Iterable[str]) -> Iterator[ServerSentEvent]:
    r"""Yield the events of a text that arrives in parts; an incomplete event is ignored.

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
    # str.splitlines would also split at other characters that data may hold.
    rest = ""
    for part in parts:
        *lines, rest = (rest + part).split("\n")
        for line in lines:
            yield line.removesuffix("\r")
