"""The errors of the command line and the client, as one tree.

EbbError
├── ServiceError            a request to the service failed
│   ├── UnreachableError    the service did not answer
│   ├── RefusedError        the service answered with a problem (RFC 9457)
│   │   └── BusyError       it still answered 429 or 503 after all retries
│   └── UnreadableError     the client cannot read the answer
├── DatasetNameError        no dataset, or more than one, has a name
├── JobError                a job did not succeed, or not in time
├── DemoError               the demonstration failed
├── MissingPartError        a command needs a package that is not installed
└── ServiceStartError       the service cannot be started here
"""

from dataclasses import dataclass


class EbbError(Exception):
    """The root of errors that the command line prints as a sentence, without a traceback."""


class ServiceError(EbbError):
    """A request to the service failed."""


class UnreachableError(ServiceError):
    """The service did not answer."""


class UnreadableError(ServiceError):
    """The client cannot read the answer."""


class DatasetNameError(EbbError):
    """No dataset, or more than one, has this name."""


class JobError(EbbError):
    """A job did not succeed, or did not end in time."""


class DemoError(EbbError):
    """The demonstration failed."""


class MissingPartError(EbbError):
    """A command needs a package that is not installed; the message says which to install."""


class ServiceStartError(EbbError):
    """The service cannot be started here; the message says what to do."""


def _sentence(error: str) -> str:
    """Return an error without its place.

    Example:
        >>> _sentence("/query/id: there is no id column 'x'")
        "there is no id column 'x'"
    """
    return error.partition(": ")[2] if error.startswith("/") else error


@dataclass(frozen=True)
class ServiceProblem:
    """A problem, the body of an error response.

    Source: RFC 9457, Problem Details for HTTP APIs.
    """

    status: int
    title: str
    detail: str = ""
    errors: tuple[str, ...] = ()
    request_id: str | None = None


class RefusedError(ServiceError):
    """The service answered with a problem."""

    def __init__(self, request: str, problem: ServiceProblem) -> None:
        self.problem = problem
        lines = [f"{request}: {problem.status} {problem.title}"]
        lines += [problem.detail] if problem.detail else []
        lines += [f"  {error}" for error in problem.errors if _sentence(error) not in problem.detail]
        lines += [f"  (request {problem.request_id})"] if problem.request_id else []
        super().__init__("\n".join(lines))


class BusyError(RefusedError):
    """The service answered 429 or 503 to every retry."""
