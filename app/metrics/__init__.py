"""Prometheus metrics: requests are counted by the processes that answer them, jobs are read from the database."""
