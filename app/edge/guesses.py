"""Keys that are not valid: an address may send so many a minute; after that, those that cannot be valid ask nobody.

A secret of 192 random bits is not guessed; but each guess would ask the database, and none is counted for a key.
"""

from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network, ip_address

from app.edge.allowances import Allowances
from app.edge.current import this_request

GUESSES_PER_MINUTE = 30
SITE_BITS = 64  # of an IPv6 address; the rest of it is one client's to choose


class Guesses:
    """How many keys that were none each client address has sent."""

    def __init__(self, allowances: Allowances) -> None:
        self._allowances = allowances

    def wait_s(self) -> float | None:
        """Return how long the address of the request at hand has to wait, where it has sent too many.

        Units: seconds.
        """
        return self._allowances.look(_number(this_request().remote_addr), GUESSES_PER_MINUTE).refused_for_s

    def count(self) -> None:
        """Note that the request at hand brought a key that is not valid."""
        self._allowances.take(_number(this_request().remote_addr), GUESSES_PER_MINUTE)


def _number(address: str | None) -> str:
    return blake2b(site(address or "").encode(), digest_size=8).hexdigest()


def site(address: str) -> str:
    """Return what of an address its client cannot choose at will.

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
