"""The addresses that webhooks may call: the public internet by https, and the hosts that the operator allows.

Without this bound, who makes a webhook could have the service call its own network (server-side request forgery). The
address is checked when the webhook is made, and the addresses that its name resolves to before each attempt.

Source: OWASP, "Server-side request forgery prevention".
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
WRITTEN = re.compile(r"[!-~]+")
"""The characters of a URL (RFC 3986); the parsers of Python drop or accept others, each in its own way."""
UNICAST = ipaddress.ip_network("2000::/3")  # all that IANA has allocated of the public IPv6 internet
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind NAT64 (RFC 6052)
ALLOW = "EBB_WEBHOOK_HOSTS lists the hosts that may be called in spite of that"


def address_problem(url: str, allowed: Sequence[str]) -> str | None:
    """Return what is wrong with a webhook's URL, as far as it can be told without a look-up of its name.

    Example:
        >>> address_problem("https://hooks.example.com/ebb", ())
        >>> address_problem("http://10.0.0.7/", ())
        'must begin with https://; EBB_WEBHOOK_HOSTS lists the hosts that may be called in spite of that'
        >>> address_problem("http://10.0.0.7/", ("10.0.0.7",))
    """
    if not WRITTEN.fullmatch(url):
        return "has a blank, a control character or one beyond ASCII: write the host as xn--…, and others as %…"
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in PORTS:
        return "is not a URL: write https://host/path"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "must have no user, password or fragment: webhooks are signed instead"
    if host in allowed:
        return None
    if parts.scheme != "https":
        return f"must begin with https://; {ALLOW}"
    return None if _may_be_public(host) else f"must be a host of the public internet; {ALLOW}"


def resolve_webhook(url: str, allowed: Sequence[str]) -> tuple[SplitResult, str]:
    """Return the parts of the URL, and the IP address to connect to.

    The caller connects to this address and no other, so that a second look-up cannot give another one.

    Raises: ValueError, with what is wrong; OSError when the name cannot be resolved.
    """
    if (problem := address_problem(url, allowed)) is not None:
        raise ValueError(f"the address {problem}")
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if host.removesuffix(".") not in allowed:
        for each in found:
            if not _is_public(ipaddress.ip_address(each)):
                raise ValueError(f"{host} resolves to {each}, which is not of the public internet; {ALLOW}")
    return parts, found[0]


def _may_be_public(host: str) -> bool:
    """Return whether a host is a public address, or a name that may resolve to one."""
    try:
        return _is_public(ipaddress.ip_address(host))
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")


def _is_public(address: Address) -> bool:
    """Return whether an address is of the public internet, and so is the IPv4 address inside it, if it has one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner and not _is_public(inner):
            return False
        if address.ipv4_mapped or address in TRANSLATED:
            return True
        if address not in UNICAST:
            return False
    return address.is_global and not address.is_multicast
