"""The estimator, and the fitting of an estimator to a table."""

from model.estimator.estimator import Estimator, unknown_column
from model.estimator.explaining import Direction, Explained, Reason
from model.estimator.fitting import Fitting

__all__ = ["Direction", "Estimator", "Explained", "Fitting", "Reason", "unknown_column"]
