"""The exceptions of the store, as one tree.

StoreError
├── SettingsError         environment variables are invalid
├── DatabaseError         the database cannot be opened, or its tables are not the ones of this release
├── BrokerError           the message broker does not answer or start
├── ArtifactError         bytes are missing, or differ from their digest
├── DiskFullError         the disk has no space for more bytes
├── QuotaError            an API key's quota of stored bytes is used up
├── NotFoundError         nothing is stored under this name
├── ExpiredError          the bytes stored under this name were removed
├── InUseError            an alias or an unfinished job needs what is to be deleted
├── PageTokenError        a page token that this service did not issue
├── IdempotencyError      an idempotency key was used for another request
├── InFlightError         the first request of an idempotency key has no answer yet
├── QueueFullError        the queue of this kind of job is full
├── AlreadyFinishedError  a finished job cannot be changed
├── NotRetryableError     only a failed or cancelled job can be retried
├── StaleRevisionError    another request moved the alias first
├── NothingBeforeError    an alias without an earlier version cannot be rolled back
└── LeaseLostError        this attempt may no longer write about its job
"""


class StoreError(Exception):
    """Root of the store's exceptions."""


class SettingsError(StoreError):
    """The settings are invalid; carries every problem, not only the first."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DatabaseError(StoreError):
    """The database cannot be opened, or its tables are not the ones of this release."""


class BrokerError(StoreError):
    """The message broker does not answer or start."""


class ArtifactError(StoreError):
    """Bytes are missing, or differ from their digest."""


class DiskFullError(StoreError):
    """The disk has no space for more bytes."""


class QuotaError(StoreError):
    """An API key's quota of stored bytes is used up."""


class NotFoundError(StoreError):
    """Nothing is stored under this name."""


class ExpiredError(StoreError):
    """The bytes stored under this name were removed, by retention or by a caller."""


class InUseError(StoreError):
    """An alias or an unfinished job needs what is to be deleted."""


class PageTokenError(StoreError):
    """A page token that this service did not issue."""


class IdempotencyError(StoreError):
    """An idempotency key was used for another request."""


class InFlightError(StoreError):
    """The first request of this idempotency key has no answer yet.

    Units: seconds.
    """

    retry_after_s = 1.0


class QueueFullError(StoreError):
    """The queue of this kind of job is full.

    Units: seconds.
    """

    def __init__(self, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class AlreadyFinishedError(StoreError):
    """A finished job cannot be changed."""


class NotRetryableError(StoreError):
    """Only a failed or cancelled job can be retried."""


class StaleRevisionError(StoreError):
    """Another request moved the alias first."""


class NothingBeforeError(StoreError):
    """An alias without an earlier version cannot be rolled back."""


class LeaseLostError(StoreError):
    """The job was requeued, cancelled or finished; this attempt must stop and write nothing."""
