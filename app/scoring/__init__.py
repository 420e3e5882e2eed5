"""Scoring: customers as they came, the estimator that judges them, and what the campaign makes of it."""
