"""The most that one input may bring: every reader checks these before it allocates memory.

The readers are those of JSON, NDJSON, CSV and Parquet, for scoring requests, uploads, jobs and the command line.
"""

COLUMNS = 10_000
NAME_CHARACTERS = 256
"""The longest name of a column."""

CELL_CHARACTERS = 32_768
"""The longest text in a cell: what a spreadsheet holds."""

ROWS = 100_000_000
"""The most rows of a table."""
