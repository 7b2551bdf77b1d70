"""The PROXY protocol, version 2, as a proxy in front of an edge sends it."""

import struct
from ipaddress import ip_address


def proxied(client: str, message: bytes, tcp: bool = False) -> bytes:
    """What a proxy sends for a client (PROXY protocol, version 2)."""
    source = ip_address(client)
    family = (0x10 if source.version == 4 else 0x20) | (1 if tcp else 2)
    addresses = source.packed * 2 + struct.pack("!HH", 4711, 53)
    head = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", 0x21, family, len(addresses))
    framed = struct.pack("!H", len(message)) + message if tcp else message
    return head + addresses + framed
