"""Updates at a steady rate, from one socket that somebody opened."""

import select
import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import NamedTuple

import dns.rcode
import dns.tsig
import dns.update

PATIENCE_SECONDS = 5.0
"""After the last message: a gate answers within 1.5 s, whatever it has to say."""


class Load(NamedTuple):
    """What became of the messages."""

    sent: int
    codes: dict[str, int]
    """How many replies had which code."""
    seconds: Sequence[float]
    """From each message to its reply, in order of size."""
    done: frozenset[str]
    """The names of which a message was told NOERROR."""

    def quantile(self, share: float) -> float:
        """The time within which this share of the replies came."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    def __str__(self) -> str:
        times = ", ".join(f"p{share * 100:g} {self.quantile(share):.3f} s" for share in (0.5, 0.99))
        return f"{self.sent} updates: {self.codes}, {times}"


def run(
    client: socket.socket,
    key: dns.tsig.Key,
    origin: str,
    names: Sequence[str],
    rate: float,
    seconds: float,
    first: int = 0,
) -> Load:
    """Give name after name another address; `client` is connected to a gate.

    The addresses are counted from `first` on.
    """
    client.setblocking(False)
    sent: dict[int, float] = {}
    named: dict[int, str] = {}
    codes: dict[str, int] = {}
    took: list[float] = []
    done: set[str] = set()
    began = time.monotonic()
    count, number = round(rate * seconds), 0
    while number < count or (sent and time.monotonic() < began + seconds + PATIENCE_SECONDS):
        due = began + number / rate
        if number < count and time.monotonic() >= due:
            wire = _message(key, origin, first + number, names)
            sent[int.from_bytes(wire[:2])] = time.monotonic()
            named[int.from_bytes(wire[:2])] = names[(first + number) % len(names)]
            client.send(wire)
            number += 1
        wait = max(0.0, due - time.monotonic()) if number < count else 0.1
        if select.select([client], [], [], wait)[0]:
            reply = client.recv(65535)
            since = sent.pop(int.from_bytes(reply[:2]), None)
            if since is not None:
                took.append(time.monotonic() - since)
                code = dns.rcode.to_text(dns.rcode.Rcode(reply[3] & 0xF))
                codes[code] = codes.get(code, 0) + 1
                if code == "NOERROR":
                    done.add(named[int.from_bytes(reply[:2])])
    return Load(count, codes, sorted(took), frozenset(done))


def _message(key: dns.tsig.Key, origin: str, number: int, names: Sequence[str]) -> bytes:
    made = dns.update.UpdateMessage(
        origin,
        keyring={key.name: key},
        keyname=key.name,
        keyalgorithm=key.algorithm,
        id=number & 0xFFFF,
    )
    address = ip_address("10.0.0.0") + number
    made.replace(names[number % len(names)], 60, "A", str(address))
    return made.to_wire()
