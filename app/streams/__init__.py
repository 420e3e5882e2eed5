"""Event streams: their limit, their text format, and the check that the reader is still there."""
