"""Where a Pop is asked, also where its address is a host name that nobody resolves."""

import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dns.message
import pytest
from dnsfleet.probing.judging import TRANSPORTS
from dnsfleet.probing.lists import ProbedPop, ProbedZone, ProbeList
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_io import dns_clients
from dnsfleet_io.dns_clients import Answer
from dnsfleet_io.tcp_connections import Address
from dnsfleet_probe import asking, prober
from dnsfleet_probe.asking import StoppedError
from dnsfleet_probe.prober import ASKED_AT_ONCE, Prober

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
    """One list with these Pops and two zones."""

    def __init__(self, *pops: ProbedPop, seconds: float = 0.0) -> None:
        """`seconds` is how long it takes to read it."""
        self.pops = pops
        self.reads = 0
        self._seconds = seconds

    def probe_list(self) -> ProbeList:
        self.reads += 1
        threading.Event().wait(self._seconds)
        zones = (ProbedZone("a.example.", 1, 1), ProbedZone("b.example.", 1, 1))
        return ProbeList(Revision(1, 1), 0, self.pops, zones)

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


def test_a_replica_that_hangs_does_not_stretch_the_wait_for_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    monkeypatch.setattr(prober, "POLL_SECONDS", 0.01)
    source = Source(POP, seconds=0.1)
    Prober("-", source, threading.Event()).round(0.3)
    assert source.reads <= 5  # the first one, and those that begin within 0.3 s


def test_a_round_that_is_stopped_asks_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, asked = threading.Event(), []

    def exchange(host: str, port: int, queries: Iterable[dns.message.Message]) -> Iterator[Answer]:
        for each in queries:
            asked.append((host, port))
            stopping.set()
            yield Answer(dns.message.make_response(each), 0.0)

    monkeypatch.setattr(dns_clients, "ask_udp", exchange)
    monkeypatch.setattr(dns_clients, "ask_tcp", exchange)
    addresses = [("192.0.2.1", port) for port in range(1, 201)]
    pops = [POP._replace(name=f"pop{port}", addresses=((host, port),)) for host, port in addresses]
    with pytest.raises(StoppedError):
        Prober("-", Source(*pops), stopping).round()
    assert 1 <= len(asked) <= ASKED_AT_ONCE
