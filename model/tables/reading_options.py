"""The options of a command line that say how a file is read."""

import argparse
from typing import get_args

from model.tables.file_reading import Delimiter, Encoding, FileReading
from model.tables.reader import format_of


def add_reading(command: argparse.ArgumentParser) -> None:
    """Add `--delimiter`, `--encoding` and `--sheet`, which are found in the file where they are not given."""
    command.add_argument("--delimiter", choices=get_args(Delimiter), help="what separates the columns of CSV")
    command.add_argument("--encoding", choices=get_args(Encoding), help="the encoding of CSV")
    command.add_argument("--sheet", help="the sheet of a workbook")


def wanted(options: argparse.Namespace) -> FileReading:
    """Return how the table is to be read: its format by its name, and the options.

    Raises: TableError when the format is unknown.
    """
    parts = {"delimiter": options.delimiter, "encoding": options.encoding, "sheet": options.sheet}
    return FileReading(format_of(options.table), **parts)
