"""Addresses and their prefixes, as people write them."""

from ipaddress import IPv6Address, ip_address, ip_network

MAX_PREFIXES = 64
"""Prefixes in one list: each is compared with the client of every query."""
MAX_PREFIX = 43
"""Characters: the longest IPv6 address, a slash and 128."""
PREFIX = r"^[0-9A-Fa-f:.]+/[0-9]{1,3}$"
"""Texts that may be prefixes; `normalise` decides."""

_NAT64 = ip_network("64:ff9b::/96")


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


def is_public(text: str) -> bool:
    """Whether an address, with its zone or without, is one of the Internet."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        # An IPv6 address can be a way to an IPv4 one: mapped, 6to4 and NAT64.
        if address.ipv4_mapped is not None or address.sixtofour is not None:
            return False
        if address in _NAT64:
            return False
    return address.is_global and not address.is_multicast
