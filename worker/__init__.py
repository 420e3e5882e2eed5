"""Runs jobs: hears the doorbell, claims the row, and sees the work through in a process of its own.

`python -m worker` listens; each attempt at a job is a child process, `python -m worker.child`, so that it can be
limited and killed, and so that BLAS is told its number of threads before numpy is imported.
"""
