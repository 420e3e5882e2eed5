"""The names of aliases that mean something to Ebb itself."""

CHAMPION = "champion"
"""The alias that scores by default, and that trainings promote."""
