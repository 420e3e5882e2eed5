"""Everything the store refuses, as one tree.

StoreError
├── SettingsError         the environment variables do not make sense
├── DatabaseError         the database cannot be opened, or its tables are not the ones of this release
├── BrokerError           no message broker can be had
├── ArtifactError         bytes are missing, or are not the ones their digest names
├── DiskFullError         the disk has no room for more bytes
├── QuotaError            an API key stores as many bytes as it may
├── NotFoundError         nothing is stored under this name
├── ExpiredError          the bytes stored under this name were removed when their time was over
├── PageTokenError        a page token this service never gave out
├── IdempotencyError      the same idempotency key came with another request
├── InFlightError         the request that an idempotency key stands for is being answered
├── QueueFullError        as many jobs wait as may
├── AlreadyFinishedError  a finished job cannot be changed
├── NotRetryableError    only work that did not succeed can be asked for again
├── StaleRevisionError    somebody moved the alias first
├── NothingBeforeError    an alias that never pointed elsewhere cannot be rolled back
└── LeaseLostError        this worker no longer holds the right to write
"""


class StoreError(Exception):
    """Root of everything the store refuses."""


class SettingsError(StoreError):
    """The settings contradict themselves; carries every problem, not only the first."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DatabaseError(StoreError):
    """The database cannot be opened, or its tables are not the ones of this release."""


class BrokerError(StoreError):
    """No message broker can be had."""


class ArtifactError(StoreError):
    """Bytes are missing, or are not the ones their digest names."""


class DiskFullError(StoreError):
    """The disk has no room for more bytes."""


class QuotaError(StoreError):
    """An API key stores as many bytes as it may."""


class NotFoundError(StoreError):
    """Nothing is stored under this name."""


class ExpiredError(StoreError):
    """The bytes stored under this name were removed when their time was over."""


class PageTokenError(StoreError):
    """A page token this service never gave out."""


class IdempotencyError(StoreError):
    """The same idempotency key came with another request."""


class InFlightError(StoreError):
    """The first request of this idempotency key has no answer yet.

    Units: seconds.
    """

    retry_after_s = 1.0


class QueueFullError(StoreError):
    """As many jobs of this kind wait as may.

    Units: seconds.
    """

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class AlreadyFinishedError(StoreError):
    """A finished job cannot be changed."""


class NotRetryableError(StoreError):
    """Only work that did not succeed can be asked for again."""


class StaleRevisionError(StoreError):
    """The alias is not where the caller believed it to be."""


class NothingBeforeError(StoreError):
    """An alias that never pointed elsewhere cannot be rolled back."""


class LeaseLostError(StoreError):
    """The job is no longer this worker's: it was handed on, cancelled or finished. Stop, and write nothing."""
