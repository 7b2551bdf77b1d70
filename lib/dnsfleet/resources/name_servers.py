"""Where a name server listens, as people write it."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, Field

from dnsfleet.resources.base import Model, fault


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(
            f'"{text}" is not an IP address, write one such as 192.0.2.53 or 2001:db8::53'
        ) from None


class NameServer(Model):
    """An address and a port, the same for UDP and TCP."""

    address: Annotated[str, Field(max_length=45), AfterValidator(_address)]
    """IPv4 or IPv6."""
    port: Annotated[int, Field(ge=1, le=65535)] = 53


def check_distinct(field: str, servers: Sequence[NameServer]) -> None:
    """Refuse a list in `field` that has a name server twice."""
    for index, each in enumerate(servers):
        if each in servers[:index]:
            raise fault((field, index), "this one is in the list already; remove it")
