"""The errors of the service, as one tree; `app.edge.problems` maps each to an HTTP response.

AppError
├── MalformedError              a body that cannot be parsed
├── InputError                  invalid values in a body, query or header
├── MediaTypeError              a body of an unsupported type, or a compressed one
├── TooLargeError               a request beyond the size limits
├── UnauthenticatedError        no API key, or an invalid one
├── ForbiddenError              a key without the scope, or a page of another origin
├── TooManyRequestsError        a key is beyond its rate limit
│   └── TooManyInvalidKeysError an address sends too many invalid keys
├── MisdirectedError            a Host header of another server
├── PreconditionMissingError    a change without the precondition that it needs
├── ResultMissingError          a job has no result, or none yet
├── NotReadyError               a readiness check failed
├── StreamsError                this process has as many open streams as it may
├── ConcurrencyLimitError       this process answers as many such requests as it may
├── OverloadedError             a request waited too long for a thread
└── StartError                  the server cannot start; never sent over HTTP
"""

from collections.abc import Iterable, Sequence

from model.errors import Problem


class AppError(Exception):
    """The root of the service's errors; `problems` holds its single problems, if there are any."""

    def __init__(self, detail: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)


class MalformedError(AppError):
    """The body cannot be parsed as its media type."""


class InputError(AppError):
    """Values of a body, query or header are invalid."""

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "InputError":
        """Make one error of several problems."""
        problems = tuple(problems)
        if len(problems) == 1:
            return cls(f"{problems[0].pointer or 'the body'}: {problems[0].detail}", problems)
        return cls(f"{len(problems)} things are wrong with the request; see errors", problems)


class MediaTypeError(AppError):
    """The route does not accept this media type, or the body is compressed."""


class TooLargeError(AppError):
    """The request is beyond a size limit."""


class UnauthenticatedError(AppError):
    """The request has no valid key; `challenges` lists the ways to send one.

    Source: RFC 9110, section 11.6.1.
    """

    def __init__(self, detail: str, challenges: Sequence[str]) -> None:
        super().__init__(detail)
        self.challenges = challenges


class ForbiddenError(AppError):
    """The caller lacks the permission."""


class TooManyRequestsError(AppError):
    """The key is beyond its rate limit.

    Units: retry_after_s in seconds.
    """

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooManyInvalidKeysError(TooManyRequestsError):
    """An address sends too many invalid keys."""


class MisdirectedError(AppError):
    """The Host header names another server."""


class PreconditionMissingError(AppError):
    """The change needs If-Match or If-None-Match."""


class ResultMissingError(AppError):
    """The job has no result, or none yet."""


class NotReadyError(AppError):
    """The service is not ready; the problems name the checks that failed."""


class StreamsError(AppError):
    """The process has as many open streams as it may."""


class ConcurrencyLimitError(AppError):
    """The process answers as many requests of this kind as it may."""


class OverloadedError(AppError):
    """The request waited too long for a thread."""


class StartError(AppError):
    """The server cannot start; the message says what to do."""
