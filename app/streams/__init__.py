"""Answers that go on for minutes: how many there may be, how they are written, and when whoever reads them has gone."""
