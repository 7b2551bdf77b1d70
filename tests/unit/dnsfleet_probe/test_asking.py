"""Where a Pop is asked, also where its address is a host name that nobody resolves."""

import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from dnsfleet.probing.judging import TRANSPORTS
from dnsfleet.probing.lists import ProbedPop, ProbeList
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_io.tcp_connections import Address
from dnsfleet_probe import asking
from dnsfleet_probe.prober import Prober

NAME = "lb.example.com"
POP = ProbedPop("fra", ((NAME, 53),), answers=5)


def unresolved(*_: object, **__: object) -> Any:
    raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def test_addresses_are_asked_over_each_transport() -> None:
    found = asking.resolve(POP._replace(addresses=(("192.0.2.1", 53), ("2001:db8::1", 53))))
    assert found.addresses == (Address("192.0.2.1", 53), Address("2001:db8::1", 53))
    assert found.unresolved == ()


@pytest.mark.parametrize("name", [NAME, "x" * 64 + ".example.com"])
def test_a_name_that_nobody_resolves_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == NAME:
        monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    found = asking.resolve(POP._replace(addresses=((name, 53),)))
    assert found.addresses == ()
    assert [each.transport for each in found.unresolved] == list(TRANSPORTS)
    for each in found.unresolved:
        assert each.address == f"{name}:53"
        assert each.problem.startswith("the name is not resolved: ")


class Source:
    """One list with one Pop."""

    def __init__(self, *pops: ProbedPop) -> None:
        self.pops = pops

    def probe_list(self) -> ProbeList:
        return ProbeList(Revision(1, 1), 0, self.pops, ())

    def manifests(self, _origins: Sequence[str]) -> dict[str, Manifest]:
        return {}


def test_a_name_that_is_resolved_a_moment_later_ends_no_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where the resolver was away for that moment: by then sockets take the name."""
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    connect = socket.socket.connect

    class Resolving(socket.socket):
        def connect(self, address: tuple[str, int], /) -> None:
            connect(self, ("127.0.0.1", 9) if address[0] == NAME else address)

    monkeypatch.setattr(socket, "socket", Resolving)
    (verdict,) = Prober("-", Source(POP), threading.Event()).round(0.0).verdicts
    assert [fault.where for fault in verdict.faults] == [f"{NAME}:53 udp", f"{NAME}:53 tcp"]


def test_names_are_resolved_beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    pops = [POP._replace(name=f"pop{number}") for number in range(8)]
    together = threading.Barrier(len(pops))

    def resolve(*_: object, **__: object) -> Any:
        together.wait(10)
        unresolved()

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    found = Prober("-", Source(*pops), threading.Event()).round(0.0)
    assert not together.broken
    assert len(found.verdicts) == len(pops)
