"""Problem details: the body of every error response."""

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One fault: its place, its code, and what to do.

    Source: `pointer` is RFC 6901 into the body; `/query/NAME` and `/headers/NAME` stand for those parts.
    """

    pointer: str
    code: str
    detail: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """An error response.

    Source: RFC 9457, Problem Details for HTTP APIs.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault]
    request_id: str
