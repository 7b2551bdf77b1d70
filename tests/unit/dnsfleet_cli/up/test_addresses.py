"""The ports of Pops are checked before anything is started."""

import socket

import pytest
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import addresses
from support.ports import free_port


@pytest.mark.parametrize("host", addresses.hosts())
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_in_use_is_named(host: str, kind: socket.SocketKind) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    port = free_port()
    with socket.socket(family, kind) as other:
        if kind == socket.SOCK_STREAM:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(Trouble) as caught:
            addresses.check_free(range(port, port + 1))
    assert str(caught.value) == (
        f"port {port} on {host} is in use; stop what answers there, "
        "or choose other ports with --dns-port"
    )
    addresses.check_free(range(port, port + 1))


def test_ports_beyond_the_last_are_refused() -> None:
    with pytest.raises(Trouble) as caught:
        addresses.check_free(range(65534, 65537))
    assert (
        str(caught.value) == "3 Pops from port 65534 up end above 65535; choose a lower --dns-port"
    )


def test_addresses_are_written_as_people_type_them() -> None:
    assert addresses.text("127.0.0.1", 53) == "127.0.0.1:53"
    assert addresses.text("::1", 53) == "[::1]:53"
