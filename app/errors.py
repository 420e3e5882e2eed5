"""Everything the edge refuses by itself, as one tree; `app.edge.problems` says how each is told.

AppError
├── MalformedError             a body that is not JSON as this service reads it
├── InputError                 a body, query or header whose values do not fit
├── MediaTypeError             a body of another type, or a compressed one
├── TooLargeError              more than one request may bring
├── UnauthenticatedError       no key, or one that is not valid
├── ForbiddenError             a valid key without the scope, or a page of another origin
├── TooManyRequestsError       a key calls more often than it may
├── TooManyInvalidKeysError    an address sends too many keys that are not valid
├── MisdirectedError           a Host header that is not this server's
├── PreconditionMissingError   a change that must say what it believes to change
├── ResultMissingError         a result of a job that has none, or none yet
├── NotReadyError              a check of readiness failed
├── StreamsError               all places for streams in this process are taken
├── ConcurrencyLimitError                  all places for this kind of long request are taken
├── OverloadedError            the request waited too long for a thread
└── StartError                 the server will not start like this; never told over HTTP
"""

from collections.abc import Iterable, Sequence

from model.errors import Problem


class AppError(Exception):
    """Root of everything the edge refuses; carries the single problems where there are any."""

    def __init__(self, detail: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)


class MalformedError(AppError):
    """The body is not JSON, CSV or whatever it says it is, as this service reads it."""


class InputError(AppError):
    """Values of a body, query or header do not fit."""

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "InputError":
        """Tell problems together, in a sentence that counts them."""
        problems = tuple(problems)
        if len(problems) == 1:
            return cls(f"{problems[0].pointer or 'the body'}: {problems[0].detail}", problems)
        return cls(f"{len(problems)} things are wrong with the request; see errors", problems)


class MediaTypeError(AppError):
    """The body is of a type that this address does not take, or compressed."""


class TooLargeError(AppError):
    """One request brings more than one may."""


class UnauthenticatedError(AppError):
    """No key came, or none that is valid; `challenges` are the ways to send one.

    Source: RFC 9110, section 11.6.1.
    """

    def __init__(self, detail: str, challenges: Sequence[str]) -> None:
        super().__init__(detail)
        self.challenges = challenges


class ForbiddenError(AppError):
    """The caller may not do this."""


class TooManyRequestsError(AppError):
    """The key calls more often than it may.

    Units: retry_after_s in seconds.
    """

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class TooManyInvalidKeysError(TooManyRequestsError):
    """An address sends too many keys that are not valid."""


class MisdirectedError(AppError):
    """The Host header names somebody else."""


class PreconditionMissingError(AppError):
    """A change must say what it believes to change."""


class ResultMissingError(AppError):
    """The job has no result, or none yet."""


class NotReadyError(AppError):
    """The service cannot do its work yet; the problems name what is missing."""


class StreamsError(AppError):
    """All places for streams in this process are taken."""


class ConcurrencyLimitError(AppError):
    """All places for this kind of long request in this process are taken."""


class OverloadedError(AppError):
    """The request waited too long for a thread."""


class StartError(AppError):
    """The server will not start like this; the message says what to do."""
