"""The client of the HTTP API: one method a request, and `train` and `wait` around them."""

from ebb.client.client import Client

__all__ = ["Client"]
