"""Problem details: the body of every error response."""

import msgspec

from model.errors import Problem


class Fault(msgspec.Struct, frozen=True):
    """One problem of a request: its place, its code, and what to do.

    Source: `pointer` is RFC 6901 into the body; `/query/NAME` and `/headers/NAME` stand for those parts.
    """

    pointer: str
    code: str
    detail: str

    @classmethod
    def of(cls, problem: Problem) -> "Fault":
        """Return a problem as it is published."""
        return cls(problem.pointer, problem.code, problem.detail)


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
