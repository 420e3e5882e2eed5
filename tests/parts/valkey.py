"""A broker for the tests: that of TEST_REDIS_URL, or a private Valkey, started like the embedded one."""

import os
from pathlib import Path

from store.broker import Broker, open_broker
from store.settings import Settings


def start_valkey(home: Path) -> Broker:
    """Return a broker that answers. A private one stores its files below `home`."""
    return open_broker(Settings(home=home, redis_url=os.environ.get("TEST_REDIS_URL", "")))
