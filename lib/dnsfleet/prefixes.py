"""Address prefixes as people write them."""

from ipaddress import ip_network

MAX_PREFIXES = 64
"""Prefixes in one list: each is compared with the client of every query."""
MAX_PREFIX = 43
"""Characters: the longest IPv6 address, a slash and 128."""
PREFIX = r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$"
"""Texts that may be prefixes; `normalise` decides."""


def normalise(text: str) -> str:
    """The usual spelling of a prefix; ValueError where it is none, or bits behind it are set."""
    try:
        network = ip_network(text)
    except ValueError:
        network = None
    if network is None or "/" not in text:
        raise ValueError(
            f'"{text}" is not an address prefix, write one such as 192.0.2.0/24 or 2001:db8::/32, '
            "with zeros behind the prefix"
        )
    return str(network)
