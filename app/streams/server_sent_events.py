"""Server-sent events as text.

Source: HTML Living Standard, 9.2, Server-sent events.
"""

MEDIA_TYPE = "text/event-stream"
KEEPALIVE = ": still here\n\n"


def retry_after(seconds: float) -> str:
    r"""Return the field that tells how soon a client may reconnect after the stream ends.

    Example:
        >>> retry_after(2.0)
        'retry: 2000\n\n'
    """
    return f"retry: {seconds * 1000:.0f}\n\n"


def server_sent_event(event: str, data: str, event_id: str | None = None) -> str:
    r"""Write one event, whose data must not hold a line break; without an id, the client's position stays.

    Example:
        >>> server_sent_event("epoch", '{"epoch":1}', "12.1")
        'id: 12.1\nevent: epoch\ndata: {"epoch":1}\n\n'
    """
    place = "" if event_id is None else f"id: {event_id}\n"
    return f"{place}event: {event}\ndata: {data}\n\n"
