"""A table that was uploaded: looked into, and kept as a dataset."""

from dataclasses import dataclass

from app.inspection.inspector import Inspector, Question
from app.services import Services
from model.tables.reading import MEDIA_TYPES
from store.artifacts import Artifact
from store.datasets import NewDataset, add_dataset, find_same


@dataclass(frozen=True)
class Upload:
    """How a table's bytes are to be read; `target` and `id_column` are empty where no column is either."""

    media_type: str
    target: str = ""
    id_column: str = ""
    name: str = ""


def keep_table(services: Services, received: Artifact, upload: Upload, by: str) -> tuple[str, bool]:
    """Make the bytes a dataset, or find the one of the same bytes read the same way; return its id, and if it is new.

    Raises: TableError, ColumnError; TooLargeError and BusyError, as `Inspector` does; ArtifactError.
    """
    with services.database.read() as connection:
        known = find_same(
            connection, received.sha256, upload.media_type, target=upload.target, id_column=upload.id_column
        )
    if known is not None:
        services.artifacts.keep(received)  # the file of old may have been damaged
        added = known, False
    else:
        inferred = _infer(services.inspector, received, upload)
        artifact = services.artifacts.keep(received)
        added = services.database.write(lambda connection: add_dataset(connection, artifact, inferred, by=by))
    services.artifacts.settle(received.sha256)
    return added


def _infer(inspector: Inspector, received: Artifact, upload: Upload) -> NewDataset:
    file_format = MEDIA_TYPES[upload.media_type]
    question = Question(received.path, file_format, upload.target or None, upload.id_column or None)
    schema = inspector.inspect(question)
    return NewDataset(
        name=upload.name,
        media_type=upload.media_type,
        target=upload.target,
        id_column=upload.id_column,
        rows=schema["rows"],
        schema=schema,
    )
