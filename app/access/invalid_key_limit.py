"""The limit of invalid keys: beyond it, invalid keys of an address are refused without asking the database.

A key has 192 random bits, so nobody can guess one. But each guess would cost a query, and no key's rate limit counts
it.
"""

from ipaddress import IPv6Address, IPv6Network, ip_address

from app.edge.exchange import this_request
from app.errors import TooManyInvalidKeysError
from app.limits.rate_limiter import RateLimiter

INVALID_PER_MINUTE = 30
SITE_BITS = 64  # the prefix of an IPv6 address; the client may choose the rest
POLICY = "invalid key"


class InvalidKeyLimit:
    """Counts the invalid keys of each client address."""

    def __init__(self, limiter: RateLimiter) -> None:
        self._limiter = limiter

    def wait_s(self) -> float | None:
        """Return how long the address of this request must wait; None if it is within the limit.

        Units: seconds.
        """
        usage = self._limiter.look(POLICY, _site_of_request(), INVALID_PER_MINUTE)
        return None if usage.allowed else usage.more_in_s

    def count(self) -> None:
        """Count an invalid key for the address of this request."""
        self._limiter.count(POLICY, _site_of_request(), INVALID_PER_MINUTE)


def invalid_keys_error(wait_s: float) -> TooManyInvalidKeysError:
    """Return the refusal of an address beyond the limit.

    Units: wait_s in seconds.
    """
    text = f"this address sends more than {INVALID_PER_MINUTE} invalid keys a minute; wait a little"
    return TooManyInvalidKeysError(text, wait_s)


def _site_of_request() -> str:
    return site(this_request().remote_addr or "")


def site(address: str) -> str:
    """Return the part of an address that the client cannot choose.

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
