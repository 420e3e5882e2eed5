"""Files that are sent to be scored at once: unpacked, as UTF-8, and how they are read.

A workbook is read by a process of its own: its cells may take much memory.
"""

import json
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, NamedTuple

from app.errors import TooLargeError
from app.inspection.inspector import InspectionRequest
from app.parsing.request_parsing import BODY_BYTES
from app.schemas.file_options import FileOptions
from app.scoring.customers import MOST_RECORDS
from app.services import Services
from model.estimator import Estimator
from model.scoring import usual_reading
from model.tables.file_reading import DELIMITERS, MEDIA_TYPES, WORKBOOK, FileReading
from model.tables.opening import opened
from model.tables.unpacking import packed_type, unpacked

READ_AS = "Ebb-Read-As"
SENT_TYPES = ("application/x-ndjson", "text/csv", WORKBOOK, "application/gzip", "application/zip")


class SentFile(NamedTuple):
    """The text of a file in UTF-8, and how the file was read."""

    text: bytes
    reading: FileReading

    @property
    def delimiter(self) -> str:
        """The character between columns of the text."""
        return DELIMITERS[self.reading.delimiter or "comma"]

    @property
    def headers(self) -> dict[str, str]:
        """The header that tells how the file was read; none for plain NDJSON, and CSV in UTF-8 with commas."""
        plain = not self.reading.unusual and self.reading.compression is None and not self.reading.others
        return {} if plain else {READ_AS: json.dumps(self.reading.to_json())}


def read_file(services: Services, body: bytes, media_type: str, options: FileOptions, estimator: Estimator) -> SentFile:
    """Return the text of a file of this media type.

    Raises: TableError when it cannot be read; TooLargeError when it unpacks to too much.
    """
    wanted = FileReading.from_json({"format": MEDIA_TYPES[media_type], **options.given})
    packed = packed_type(BytesIO(body))
    if wanted.file_format == "ndjson" and packed is None and not options.given:
        return SentFile(body, wanted)
    if wanted.file_format == "xlsx" or (packed == WORKBOOK and wanted.file_format != "csv"):
        return _read_workbook(services, body, options, estimator)
    if packed is not None:  # to find the encoding, all of the file is read
        _read_whole(unpacked(BytesIO(body), len(body)).stream)
    reading, _ = usual_reading(estimator, BytesIO(body), wanted)
    with opened(BytesIO(body), reading) as table:
        return SentFile(_read_whole(table.stream), reading)


def _read_whole(stream: BinaryIO) -> bytes:
    """Return the text of a file.

    Raises: TooLargeError.
    """
    text = stream.read(BODY_BYTES + 1)
    if len(text) > BODY_BYTES:
        raise TooLargeError(
            f"the file unpacks to more than the {BODY_BYTES:,} bytes of one request: have a job score it, "
            "POST /v1/jobs/scoring"
        )
    return text


def _read_workbook(services: Services, body: bytes, options: FileOptions, estimator: Estimator) -> SentFile:
    with NamedTemporaryFile() as file, services.uploads.held(), services.deadline.suspended():
        file.write(body)
        file.flush()
        read_as = {"format": "xlsx", **options.given}
        request = InspectionRequest(Path(file.name), read_as, rows=MOST_RECORDS + 1, usual=estimator.read_as)
        text, found = services.inspector.rows_as_csv(request)
    return SentFile(text.encode(), FileReading.from_json(found))
