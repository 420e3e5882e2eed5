"""The estimator, and the fitting that makes one from a table."""

from model.estimator.estimator import Estimator, Explained, Reason
from model.estimator.fitting import Fitting

__all__ = ["Estimator", "Explained", "Fitting", "Reason"]
