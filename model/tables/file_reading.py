"""How the bytes of a file are read as a table: format, compression, encoding, delimiter and sheet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

Delimiter = Literal["comma", "semicolon", "tab", "pipe"]
Encoding = Literal[
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso-8859-15"
]
DELIMITERS: dict[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
SINGLE_BYTE = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "iso-8859-15")
PLAIN = {"encoding": "utf-8", "delimiter": "comma"}
OPTIONS = {"csv": ("encoding", "delimiter"), "xlsx": ("sheet",)}
"""The parts that say how a file of a format is read."""
ENDINGS = {None: "", "gzip": ".gz", "zip": ".zip"}
PARTS = ("compression", "encoding", "delimiter", "sheet")
PACKED = "packed"
"""The format of a compressed file that says nothing about the table in it."""

FILE_WARNINGS = ("unclear_encoding", "unclear_delimiter", "several_sheets")
"""The codes of the warnings that another reading of the file is possible."""

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = {
    "text/csv": "csv",
    "application/x-ndjson": "ndjson",
    "application/vnd.apache.parquet": "parquet",
    WORKBOOK: "xlsx",
    "application/gzip": PACKED,
    "application/zip": PACKED,
}
FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"} | {
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".gz": PACKED,
    ".zip": PACKED,
}


@dataclass(frozen=True)
class FileReading:
    """How a file is read. A part that is None is found in the file, or does not apply to the format.

    `others` has further values of the parts that are possible too, such as another sheet of a workbook.
    """

    file_format: str
    compression: Literal["gzip", "zip"] | None = None
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None
    sheet: str | None = None
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, how: "str | FileReading") -> "FileReading":
        """Return the reading of a format of this name; its parts are found in the file."""
        return how if isinstance(how, FileReading) else cls(how)

    @property
    def known(self) -> bool:
        """Whether no part has to be found in the file."""
        needed = OPTIONS.get(self.file_format)
        return needed is not None and all(getattr(self, part) is not None for part in needed)

    @property
    def inapplicable(self) -> list[str]:
        """The options that are given and do not apply to the format."""
        options = (part for parts in OPTIONS.values() for part in parts)
        return [part for part in options if getattr(self, part) and part not in OPTIONS.get(self.file_format, ())]

    @property
    def unusual(self) -> dict[str, str]:
        """The parts that a version keeps, because another file may be read so too: encoding, delimiter and sheet."""
        kept = {part: getattr(self, part) for part in ("encoding", "delimiter", "sheet")}
        return {part: value for part, value in kept.items() if value not in (None, PLAIN.get(part))}

    @property
    def ending(self) -> str:
        """The ending of the name of such a file.

        Example:
            >>> FileReading("csv", compression="gzip").ending
            '.csv.gz'
        """
        return f".{self.file_format}{ENDINGS[self.compression]}"

    def as_usual(self, usual: Mapping[str, str]) -> "FileReading":
        """Return the reading that is usual for such files, in those parts where it is possible.

        Example:
            >>> FileReading("csv", encoding="cp1252", others=SINGLE_BYTE).as_usual({"encoding": "cp1250"}).encoding
            'cp1250'
        """
        parts: dict[str, Any] = {part: usual[part] for part in PARTS if usual.get(part) in self.others}
        return replace(self, **parts)

    def to_json(self) -> dict[str, Any]:
        """Return it in the form of the API."""
        parts = {part: getattr(self, part) for part in PARTS} | {"others": list(self.others) or None}
        return {"format": self.file_format} | {part: value for part, value in parts.items() if value is not None}

    @classmethod
    def from_json(cls, read_as: Mapping[str, Any]) -> Self:
        """Return the reading that `to_json` wrote."""
        parts = {part: read_as[part] for part in PARTS if part in read_as}
        return cls(read_as["format"], **parts, others=tuple(read_as.get("others", ())))

    @classmethod
    def of_stored(cls, media_type: str, schema: Mapping[str, Any]) -> "FileReading":
        """Return how a stored table is read; one of an earlier release is CSV in UTF-8 with commas, or has no options.

        Raises: KeyError for another media type.
        """
        if "read_as" in schema:
            return cls.from_json(schema["read_as"])
        file_format = MEDIA_TYPES[media_type]
        return cls("csv", encoding="utf-8", delimiter="comma") if file_format == "csv" else cls(file_format)
