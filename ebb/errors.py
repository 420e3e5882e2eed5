"""What can go wrong between the command line and the service.

EbbError
├── ServiceError            the service, or the way to it
│   ├── UnreachableError    nobody answered
│   ├── RefusedError        it answered with a problem (RFC 9457)
│   │   └── BusyError       it still asked us to come back later when our patience ended
│   └── UnreadableError     it answered what this client does not understand
├── JobError                a job did not succeed, or not in time
├── DemoError               the demonstration did not get what it asked for
└── ServiceStartError       the service cannot be started here
"""

from dataclasses import dataclass


class EbbError(Exception):
    """Any error that the command line explains in a sentence instead of a traceback."""


class ServiceError(EbbError):
    """A conversation with the service failed."""


class UnreachableError(ServiceError):
    """Nobody answered at the address of the service."""


class UnreadableError(ServiceError):
    """The service answered something that is not in the contract."""


class JobError(EbbError):
    """A job ended otherwise than hoped for, or did not end in time."""


class DemoError(EbbError):
    """The demonstration did not get what it asked for."""


class ServiceStartError(EbbError):
    """The service cannot be started here; the message says what to do."""


@dataclass(frozen=True)
class ServiceProblem:
    """What a service says when it refuses.

    Source: RFC 9457, Problem Details for HTTP APIs.
    """

    status: int
    title: str
    detail: str = ""
    errors: tuple[str, ...] = ()
    request_id: str | None = None


class RefusedError(ServiceError):
    """The service understood the address, and refused the request."""

    def __init__(self, request: str, problem: ServiceProblem) -> None:
        self.problem = problem
        lines = [f"{request}: {problem.status} {problem.title}"]
        lines += [problem.detail] if problem.detail else []
        lines += [f"  {error}" for error in problem.errors]
        lines += [f"  (request {problem.request_id})"] if problem.request_id else []
        super().__init__("\n".join(lines))


class BusyError(RefusedError):
    """The service asked us to come back later until our patience ended."""
