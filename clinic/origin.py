"""Where a request comes from, and as much of it as may be written down."""

import ipaddress
from typing import Any

from django.conf import settings


def masked(address: str) -> str:
    """Return the network of an address: a /24 of IPv4, a /48 of IPv6.

    What is no address is "-".
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "-"
    network = ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False)
    return str(network.network_address)


def network_of(request: Any) -> str:
    """Return the network that a request comes from; "-" if it tells none."""
    return masked(address_of(request))


def address_of(request: Any) -> str:
    """Return the address of whoever sent the request; empty if it tells none.

    A proxy appends the address that it was asked from to ``X-Forwarded-For``. So the
    list is read from its end, and only as far as proxies of our own have written it:
    what stands before, anybody can have made up.
    """
    address = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    while hops and is_ours(address):
        address = hops.pop()
    return plain(address)


def plain(text: str) -> str:
    """Return an address, one of IPv4 as such wherever it comes in; "" if it is none."""
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def is_ours(address: str) -> bool:
    """Whether a proxy of the portal has that address; a socket file has none."""
    if not address:
        return True
    address = plain(address)
    return address != "" and any(
        ipaddress.ip_address(address) in network for network in settings.PROXIES
    )
