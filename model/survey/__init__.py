"""The survey: what a table holds, found out chunk by chunk, so that no table is too large to look at.

Counts, ranges and means are those of all rows. Two things are bounded: a column's different words are told apart up to
MOST_WORDS, and columns that tell churners apart by themselves are looked for in an even sample of SAMPLE_ROWS.
"""
