"""The views, one subject a file: typed values in, an answer out.

Each file ends with its part of the table of
routes.
"""
