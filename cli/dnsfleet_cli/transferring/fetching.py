"""A zone as a server has it, for the command: which server, which key, and what became of it."""

from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from dnsfleet_io.tcp_connections import Address
from dnsfleet_publisher.transferring import connections
from dnsfleet_publisher.transferring.receiving import Transfer, TransferFault

from dnsfleet_cli.transferring import key_files
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up.addresses import text as shown

DNS_PORT = 53


class Fetched(NamedTuple):
    """A zone as a server sent it."""

    text: bytes
    """A master file, a record a line, in the order of the transfer; the first line is empty."""
    source: str
    """For messages: which transfer it was."""
    left_out: int
    """Records outside of the zone, which no secondary takes."""


def fetch(server: str, origin: str, key_file: Path | None) -> Fetched:
    """The zone `origin`, absolute, as `server` has it; Trouble says why it cannot be had.

    `server` is an address or a name, with a port or without.
    """
    address = parse(server)
    key = None if key_file is None else key_files.read(key_file)
    source = f"AXFR of {origin} from {shown(*address)}"
    transfer = Transfer(origin, key)
    try:
        connections.run(address, transfer)
    except TransferFault as fault:
        raise Trouble(f"{source}: {fault}") from None
    return Fetched(transfer.text, source, transfer.left_out)


def parse(text: str) -> Address:
    """SERVER, SERVER:PORT, [IPV6]:PORT or an IPv6 address alone; Trouble for anything else."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    has_port = ":" in bare and not _is_address(bare)
    try:
        return Address.parse(text if has_port else f"[{bare}]:{DNS_PORT}")
    except ValueError:
        raise Trouble(
            f"--axfr {text}: write SERVER, SERVER:PORT or [IPV6]:PORT, such as 192.0.2.1:53"
        ) from None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
