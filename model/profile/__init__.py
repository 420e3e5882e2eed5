"""The profile of a table: column kinds, ranges and warnings, computed chunk by chunk within bounded memory.

Counts, ranges and means are exact: they include all rows. Two figures are bounded: a column counts at most MOST_WORDS
distinct words, and leaking columns are searched for in an even sample of at most SAMPLE_ROWS rows.
"""
