"""The most that one input may bring: every reader checks these before it allocates memory.

The readers are those of JSON, NDJSON, CSV and Parquet, for scoring requests, uploads, jobs and the command line.
"""

COLUMNS = 10_000
NAME_CHARACTERS = 256
"""The longest name of a column."""

CELL_CHARACTERS = 32_768
"""The longest text in a cell: what a spreadsheet holds."""

JSON_CONTAINERS = 100_000
"""The most objects and lists of one JSON document, which has at most 10,000 records or columns."""

ROWS = 100_000_000
"""The most rows of a table."""

LINE_BYTES = 2 * 1024**2
"""The longest line of a CSV or NDJSON file."""

DECODED_BYTES = 64 * 1024**2
DECODED_TIMES = 1_000
"""The most bytes that a file decodes to: DECODED_BYTES, and DECODED_TIMES the file's own.

Decoded, a table takes eight bytes for each cell of each row, or the bytes of a longer text. Work grows with these, so
they must grow no faster than the file. Real Parquet is 5 to 100 times smaller than what it decodes to, and columns that
hardly change a few hundred times; a malicious file, a million times. A table is read in batches, so these limit the
time, and BATCH_BYTES the memory.
"""

BATCH_BYTES = 16 * 1024**2
"""The most that a batch of rows decodes to, as far as that is known beforehand."""

SCHEMA_BYTES = 16 * 1024**2
"""The most that the description of a table takes as JSON."""
