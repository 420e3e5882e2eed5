"""Exports an estimator to ONNX: from the columns of a customer to the churn probability, in double precision."""

from ebb.onnx_export.export import to_onnx

__all__ = ["to_onnx"]
