"""One zone of one primary: whether it has a newer version, and that version."""

import time
import zlib
from typing import Literal, NamedTuple

import dns.name
import dns.tsig
from dnsfleet.tsig_keys import PrimaryKey, Target
from dnsfleet.zones import serials
from dnsfleet_io.tcp_connections import Address

from dnsfleet_publisher.transferring import connections
from dnsfleet_publisher.transferring.receiving import Soa, Transfer, TransferFault
from dnsfleet_publisher.transferring.rows import MismatchError

MAX_OCTETS = 256 * 1024**2
"""Of one transfer, and of the master file that it becomes: some 2,500,000 records. Whoever runs the
fleet holds it in memory, and the server is somebody else's."""
MAX_CHANGES = 16 * 1024**2
"""Octets of an IXFR, and of the names and lines in it, which are objects of their own: some 100,000
records. Above it the whole zone takes less."""
TRANSFER_SECONDS = 600.0
"""For changes and a whole zone after them: the largest at 450 kB/s. A primary that sends a message
now and then would otherwise keep its other zones waiting, as few go on at once."""

How = Literal["ixfr", "axfr"]


class Version(NamedTuple):
    """A zone as a primary has it."""

    soa: Soa
    packed: bytes
    """Its master file, compressed: it is needed again when changes come."""

    @property
    def text(self) -> bytes:
        """The master file."""
        return zlib.decompress(self.packed)


def has_newer(origin: str, primary: Target, key: PrimaryKey, have: Version | None) -> bool:
    """Whether a primary has a newer version than `have`, by its SOA.

    TransferFault where it does not answer, or has an older one; SilentServer where it says nothing.
    """
    soa = connections.ask_soa(Address(*primary), origin, tsig_key(key))
    if have is None:
        return True
    if soa.serial == have.soa.serial:
        return False
    if serials.compare(soa.serial, have.soa.serial) != 1:
        raise TransferFault(
            f"its serial {soa.serial} is not above {have.soa.serial}, which came before; raise it "
            "there (RFC 1982)"
        )
    return True


def fetch(
    origin: str, primary: Target, key: PrimaryKey, have: Version | None
) -> tuple[Version, How]:
    """The version of a primary, newer than `have`, and what came; else TransferFault."""
    address, tsig = Address(*primary), tsig_key(key)
    if have is None:
        return _whole(origin, address, tsig, TRANSFER_SECONDS), "axfr"
    end = time.monotonic() + TRANSFER_SECONDS
    try:
        version, how = _changed(origin, address, tsig, have)
    except TransferFault:  # many servers keep no changes, and say so each in its own way
        left = round(end - time.monotonic())
        if left < 1:
            raise
        version, how = _whole(origin, address, tsig, left), "axfr"
    if serials.compare(version.soa.serial, have.soa.serial) != 1:
        raise TransferFault(f"what it sends has the serial {version.soa.serial}, no higher one")
    return version, how


def tsig_key(key: PrimaryKey) -> dns.tsig.Key:
    """The key as dnspython has it."""
    name, algorithm = dns.name.from_text(key.key.name), dns.name.from_text(key.key.algorithm)
    return dns.tsig.Key(name, key.key.secret, algorithm)


def _whole(origin: str, address: Address, key: dns.tsig.Key, seconds: float) -> Version:
    transfer = Transfer(origin, key, most_octets=MAX_OCTETS)
    connections.run(address, transfer, seconds)
    return Version(transfer.soa, _packed(transfer.text))


def _changed(
    origin: str, address: Address, key: dns.tsig.Key, have: Version
) -> tuple[Version, How]:
    transfer = Transfer(origin, key, have.soa.serial, MAX_CHANGES)
    connections.run(address, transfer, TRANSFER_SECONDS)
    if transfer.changes is None:
        return Version(transfer.soa, _packed(transfer.text)), "axfr"
    if not transfer.changes.soa:
        raise TransferFault("it says that nothing is new, although its serial is higher")
    try:
        text = transfer.changes.apply(have.text)
    except MismatchError as error:
        raise TransferFault(f"its changes do not fit: {error}") from None
    if len(text) > MAX_OCTETS:
        raise TransferFault(f"more than {MAX_OCTETS} octets; no zone may have so many")
    return Version(transfer.soa, _packed(text)), "ixfr"


def _packed(text: bytes) -> bytes:
    return zlib.compress(text, level=1)
