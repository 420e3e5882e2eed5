"""The demonstration: trains a version on 1,000 customers and scores them, as a client of the service."""

from ebb.demo.run import run_demo

__all__ = ["run_demo"]
