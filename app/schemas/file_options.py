"""The options of reading a file, which are found in the file where they are not given."""

from typing import Annotated

import msgspec
from msgspec import Meta

from app.schemas.field_types import PlainText
from model.tables.file_reading import Delimiter, Encoding

FileDelimiter = Annotated[Delimiter, Meta(description="what separates columns of CSV; by default found in the file")]
FileEncoding = Annotated[Encoding, Meta(description="the encoding of CSV; by default found in the file")]
SheetName = Annotated[PlainText, Meta(description="the sheet of a workbook; by default the first visible one")]


class FileOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a file is read, where it is to be read otherwise than it is recognised."""

    delimiter: FileDelimiter | None = None
    encoding: FileEncoding | None = None
    sheet: SheetName | None = None

    @classmethod
    def of_stored(cls, text: str) -> "FileOptions":
        """Return the options of a stored dataset; an empty text has none."""
        return msgspec.json.decode(text, type=cls) if text else cls()

    @property
    def given(self) -> dict[str, str]:
        """The options that are given."""
        parts = {name: getattr(self, name) for name in FileOptions.__struct_fields__}
        return {name: value for name, value in parts.items() if value is not None}
