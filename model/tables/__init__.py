"""Tables as they come: CSV, NDJSON and Parquet files, read whole or batch by batch."""
