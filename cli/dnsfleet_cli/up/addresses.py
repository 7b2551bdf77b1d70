"""Where Pops answer on this machine: each at a port of 127.0.0.1 and, if there is one, ::1."""

import errno
import socket
from collections.abc import Sequence

from dnsfleet_cli.troubles import Trouble

_LOOPBACK = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
MAX_PORT = 65535


def hosts() -> tuple[str, ...]:
    """The loopback addresses that this machine has."""
    return tuple(host for family, host in _LOOPBACK if _error(family, host, 0) is None)


def check_free(ports: Sequence[int], option: str = "--dns-port") -> None:
    """Trouble when a port cannot be bound that `option` chose, before anything is started."""
    if ports[-1] > MAX_PORT:
        raise Trouble(
            f"{len(ports)} Pops from port {ports[0]} up end above {MAX_PORT}; "
            "choose a lower --dns-port"
        )
    for port in ports:
        for family, host in _LOOPBACK:
            error = _error(family, host, port)
            if error == errno.EADDRINUSE:
                raise Trouble(
                    f"port {port} on {host} is in use; stop what answers there, "
                    f"or choose other ports with {option}"
                )
            if error == errno.EACCES:
                raise Trouble(
                    f"port {port} on {host} needs privileges; choose ports above 1023 with {option}"
                )


def text(host: str, port: int) -> str:
    """`127.0.0.1:5301`, `[::1]:5301`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _error(family: socket.AddressFamily, host: str, port: int) -> int | None:
    """Why UDP or TCP cannot be bound there: an errno, None where both can."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        try:
            with socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:  # connections that were just closed do not count
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except OSError as error:
            return error.errno
    return None
