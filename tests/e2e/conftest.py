"""The client and the commands of the service that a file of tests starts as its fixture `service`."""

from collections.abc import Iterator

import pytest

from ebb.client import Client
from tests.e2e.running import Ebb, Running


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[Client]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="module")
def ebb(service: Running) -> Ebb:
    return service.command
