"""Limits: how many requests, and how many at a time."""
