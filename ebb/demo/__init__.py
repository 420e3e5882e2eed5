"""The demonstration: trains, versions and scores 1,000 customers through the service, as a client would."""

from ebb.demo.run import run_demo

__all__ = ["run_demo"]
