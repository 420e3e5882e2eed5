"""Uploads: receives a table, inspects it, and stores it as a dataset."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from app.edge.exchange import this_request
from app.edge.idempotency import idempotency_key
from app.errors import InputError
from app.inspection.inspector import InspectionRequest, Inspector
from app.parsing.request_parsing import body_chunks
from app.schemas.file_options import FileOptions
from app.services import Services
from app.submission.table_type import ANY_BYTES, media_type_of
from model.errors import ColumnError, Problem
from model.storage import canonical_json
from model.tables.file_reading import MEDIA_TYPES
from store.artifacts import Artifact
from store.database import Connection
from store.datasets import NewDataset, add_dataset, find_same, renew_dataset, use_dataset
from store.idempotency import is_known
from store.quotas import NO_QUOTA, check_quota, read_quota
from store.rows import DatasetRow

FOUND_IN_FILE = FileOptions()


@dataclass(frozen=True)
class Upload:
    """The options of reading a table; an empty `target` or `id_column` means that there is none.

    `options` has the delimiter, encoding and sheet that the request names.
    """

    media_type: str
    target: str = ""
    id_column: str = ""
    name: str = ""
    options: FileOptions = FOUND_IN_FILE

    @property
    def read_options(self) -> str:
        """The options of reading as they are stored."""
        return canonical_json(self.options.given) if self.options.given else ""


@contextmanager
def receive_table(services: Services, by: str) -> Iterator[Artifact]:
    """Write the body of this request to a temporary file, within the key's quota and the free space of the disk.

    The request counts for the concurrency limit of uploads, and its time does not count for the answer deadline. A
    repeated request is read in spite of the quota: the first one may have used it up.

    Raises: ConcurrencyLimitError, QuotaError, DiskFullError; the errors of `body_chunks`.
    """
    request = this_request()
    request.max_content_length = services.settings.upload_bytes
    with services.database.read() as connection:
        key = idempotency_key()
        repeated = key is not None and is_known(connection, by, key)
        quota = NO_QUOTA if repeated else read_quota(connection, by, default=services.settings.stored_bytes)
    announced = min(request.content_length or 0, services.settings.upload_bytes)
    with (
        services.uploads.held(),
        services.deadline.suspended(),
        services.artifacts.receive(body_chunks(), announced=announced, check=quota.check) as received,
    ):
        yield received


def keep_table(services: Services, received: Artifact, upload: Upload, by: str) -> tuple[str, bool]:
    """Store the bytes as a dataset, or find the dataset of equal bytes and options; return its id and if it is new.

    Bytes of no named type get the media type that they have.

    Raises: TableError, ColumnError; TooLargeError, as `Inspector` does; QuotaError; ArtifactError.
    """
    if upload.media_type == ANY_BYTES:
        upload = replace(upload, media_type=media_type_of(received.path))
    with services.database.read() as connection:
        known = find_same(connection, received.sha256, upload)
    inferred = None if known is not None else _infer(services.inspector, received, upload)
    artifact = services.artifacts.keep(received)  # also of a known dataset, whose file may be damaged
    added = services.database.write(partial(_record, services, artifact, known, inferred, by))
    services.artifacts.mark_recorded(received.sha256)
    return added


def reread_table(services: Services, dataset: DatasetRow, upload: Upload, by: str) -> tuple[str, bool]:
    """Store the bytes of a dataset as a dataset with another target and id; return its id and if it is new.

    The request counts for the concurrency limit of uploads.

    Raises: InputError for a target or id that does not fit; else as `keep_table` does; ExpiredError.
    """
    with services.uploads.held(), services.deadline.suspended():
        stored = Artifact(dataset.sha256, dataset.size, services.artifacts.open_path(dataset.sha256))
        with services.database.read() as connection:
            known = find_same(connection, stored.sha256, upload)
        try:
            inferred = None if known is not None else _infer(services.inspector, stored, upload)
        except ColumnError as error:
            raise InputError.of([Problem(f"/{error.role or 'target'}", "unreadable-table", str(error))]) from error

        def add(connection: Connection) -> tuple[str, bool]:
            use_dataset(connection, dataset.id)
            return _record(services, stored, known, inferred, by, connection)

        return services.database.write(add)


def _record(  # noqa: PLR0913, PLR0917 - what is known of the table, and where to record it
    services: Services,
    artifact: Artifact,
    known: str | None,
    inferred: NewDataset | None,
    by: str,
    connection: Connection,
) -> tuple[str, bool]:
    check_quota(connection, by, artifact, default=services.settings.stored_bytes)
    if inferred is not None:
        return add_dataset(connection, artifact, inferred, by=by)
    renew_dataset(connection, artifact, str(known), by=by)
    return str(known), False


def _infer(inspector: Inspector, received: Artifact, upload: Upload) -> NewDataset:
    read_as = {"format": MEDIA_TYPES[upload.media_type], **upload.options.given}
    request = InspectionRequest(received.path, read_as, upload.target or None, upload.id_column or None)
    schema = inspector.inspect(request)
    return NewDataset(
        name=upload.name,
        media_type=upload.media_type,
        target=upload.target,
        id_column=upload.id_column,
        rows=schema["rows"],
        schema=schema,
        read_options=upload.read_options,
    )
