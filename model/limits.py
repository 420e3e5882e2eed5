"""The limits of an input. Every reader checks them before it allocates memory.

The readers of JSON, NDJSON, CSV and Parquet serve scoring requests, uploads, jobs and the command line.
"""

COLUMNS = 10_000
NAME_CHARACTERS = 256
"""The longest name of a column."""

CELL_CHARACTERS = 32_768
"""The longest text in a cell: that of a spreadsheet."""

JSON_CONTAINERS = 100_000
"""The most objects and lists of one JSON document, which has at most 10,000 records or columns."""

SHEET_CELLS = 20_000_000
"""The most cells between the first and the last cell of a sheet, which is whole in memory while it is read."""

ROWS = 100_000_000
"""The most rows of a table."""

LINE_BYTES = 2 * 1024**2
"""The longest line of a CSV or NDJSON file."""

DECODED_BYTES = 64 * 1024**2
DECODED_TIMES = 1_000
"""The most bytes that a file decodes to: DECODED_BYTES plus DECODED_TIMES the size of the file.

A decoded cell takes eight bytes, or the bytes of a longer text. Work grows with the decoded bytes, so they must not
grow faster than the file. A real Parquet file decodes to 5 to 100 times its size, with columns that hardly change to a
few hundred times, a malicious file to a million times. A table is read in batches: these limits bound the time, and
BATCH_BYTES bounds the memory.
"""

BATCH_BYTES = 16 * 1024**2
"""The most bytes that a batch of rows decodes to, by the sizes known before decoding."""

SCHEMA_BYTES = 16 * 1024**2
"""The most bytes of the schema of a table as JSON."""
