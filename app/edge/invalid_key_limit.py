"""The limit of invalid keys: an address may send so many a minute; after that, none of them reaches the database.

A key holds 192 random bits, so nobody finds one by trying. But each try would ask the database, and no key's own limit
counts it.
"""

from ipaddress import IPv6Address, IPv6Network, ip_address

from app.edge.rate_limiter import RateLimiter
from app.edge.request_context import this_request

INVALID_PER_MINUTE = 30
SITE_BITS = 64  # of an IPv6 address; its client may choose the rest
KIND = "invalid key"


class InvalidKeyLimit:
    """Counts the invalid keys that each client address has sent."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    def wait_s(self) -> float | None:
        """Return how long the address of this request has to wait; None where it may go on.

        Units: seconds.
        """
        usage = self._limiter.look(KIND, _site_of_request(), INVALID_PER_MINUTE)
        return None if usage.allowed else usage.more_in_s

    def count(self) -> None:
        """Count that this request brought an invalid key."""
        self._limiter.count(KIND, _site_of_request(), INVALID_PER_MINUTE)


def _site_of_request() -> str:
    return site(this_request().remote_addr or "")


def site(address: str) -> str:
    """Return the part of an address that its client cannot choose.

    Example:
        >>> site("192.0.2.7"), site("2001:db8:1:2:3:4:5:6"), site("")
        ('192.0.2.7', '2001:db8:1:2::/64', '')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Network((parsed, SITE_BITS), strict=False))
    return str(parsed)
