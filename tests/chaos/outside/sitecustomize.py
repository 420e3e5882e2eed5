"""Loaded by Python itself in every process of a fleet, before the product; see tests/chaos/disturbed.py."""

import os

if folder := os.environ.get("CHAOS_FOLDER"):
    from tests.chaos.disturbed import disturb

    disturb(folder)
