"""A broker for the tests: the one at TEST_REDIS_URL, or a private Valkey started as the product starts its own."""

import os
from pathlib import Path

from store.broker import Broker, open_broker
from store.settings import Settings


def start_valkey(home: Path) -> Broker:
    """Return a broker that answers, keeping what it writes below `home` when it is ours."""
    return open_broker(Settings(home=home, redis_url=os.environ.get("TEST_REDIS_URL", "")))
