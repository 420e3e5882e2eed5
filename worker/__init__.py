"""Runs jobs: receives the doorbell's messages, claims a job, and runs it in a child process.

`python -m worker` is the Celery worker. Each attempt at a job is a child process, `python -m worker.child`: it can be
limited and killed, and BLAS reads its number of threads before numpy is imported.
"""
