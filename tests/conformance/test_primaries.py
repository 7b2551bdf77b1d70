"""Knot, NSD and BIND as primaries, with the lines of docs/integrations/primaries.md."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import pytest
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone
from support import nameservers, primaries
from support.fleet import Fleet, replace
from support.nameservers import Kind
from support.ports import free_port
from support.presigned_zones import signed
from support.secondaries import serial
from support.up_runs import pops
from support.waiting import wait_for

KINDS = pytest.mark.parametrize(
    "kind", [nameservers.KNOT, nameservers.NSD, nameservers.BIND], ids=lambda kind: kind.program
)
FIRST_SECONDS = 60.0
FOLLOWED_SECONDS = 40.0
"""The zone is refreshed every five seconds; the rest is for a machine that is busy."""
NOTIFIED_SECONDS = 30.0
"""Far below the refresh of 1000 seconds, on a machine that is busy. Knot and NSD tell of a change
within a second, BIND within five (its notify-delay)."""
HOSTS = 2000


def zone_file(serial: int, hosts: int, refresh: int = 5) -> str:
    head = f"""\
$ORIGIN {primaries.ZONE}.
$TTL 300
@ SOA ns1.example.net. hostmaster {serial} {refresh} 5 1209600 300
@ NS ns1.example.net.
@ MX 10 Mail.Example.Com.
* TXT "wild card" "\\200"
alias CNAME www
other TYPE65280 \\# 3 010203
svc HTTPS 1 . alpn=h2
version TXT {serial}
"""
    return head + "".join(f"host{n} A 10.0.{n >> 8}.{n & 255}\n" for n in range(hosts))


def read(text: str) -> Zone:
    zone, found = master_files.read(text.encode(), "file", f"{primaries.ZONE}.")
    assert zone is not None, found
    return zone


class Following:
    """A fleet that follows a primary."""

    def __init__(self, fleet: Fleet, folder: Path, server: subprocess.Popen[bytes]) -> None:
        self.fleet = fleet
        self.file = folder / primaries.FILE
        self._server = server

    def change(self, text: str) -> None:
        replace(self.file, text)
        self._server.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """Have the primary be away."""
        self._server.terminate()
        self._server.wait(nameservers.STOP_SECONDS)

    def serves(self, wanted: Zone) -> None:
        """Wait until the edge serves this serial, and compare what it serves."""
        ((host, port),) = self.fleet.servers

        def is_there() -> bool:
            return serial(port, None, primaries.ZONE) == wanted.serial

        wait_for(f"serial {wanted.serial}", is_there, FOLLOWED_SECONDS)
        for owner, rtype in [
            *((f"host{n}.example.com.", "A") for n in (0, 1, 700, HOSTS - 1, HOSTS, HOSTS + 50)),
            *(("example.com.", "MX"), ("version.example.com.", "TXT")),
            *(("other.example.com.", "TYPE65280"), ("svc.example.com.", "HTTPS")),
        ]:
            reply = dns.query.udp(dns.message.make_query(owner, rtype), host, 5, port)
            found = [rdata.to_text() for rrset in reply.answer[:1] for rdata in rrset]
            ttl_and_data = wanted.get(owner, rtype)
            if ttl_and_data is not None:
                assert len(found) == len(ttl_and_data[1]), owner
            elif owner.startswith("host"):
                assert "wild card" in found[0] if rtype == "TXT" else not found


@contextmanager
def following(kind: Kind, text: str, folder: Path) -> Iterator[Following]:
    server, files = folder / "server", folder / "files"
    server.mkdir()
    files.mkdir()
    (server / primaries.FILE).write_text(text)
    port, gate = free_port(), free_port()
    (files / "all.yaml").write_text(primaries.manifest(port) + "---\n" + pops("fra"))
    with (
        primaries.primary(kind, port, server, gate) as process,
        Fleet(files, folder / "state", 1, "--gate", str(gate)) as fleet,
    ):
        fleet.wait("transferring", FIRST_SECONDS)
        yield Following(fleet, server, process)


@KINDS
def test_a_zone_that_changes_is_followed(kind: Kind, tmp_path: Path) -> None:
    first = zone_file(7, HOSTS)
    with following(kind, first, tmp_path) as run:
        published = run.fleet.wait("published", FIRST_SECONDS)
        assert (published["serial"], published["records"]) == (7, read(first).records)
        run.serves(read(first))
        for number, hosts in ((8, HOSTS + 100), (9, HOSTS - 100), (2**31, HOSTS)):
            text = zone_file(number, hosts)
            position = len(run.fleet.events)
            run.change(text)
            told = run.fleet.wait(
                "published", FOLLOWED_SECONDS, lambda e, n=number: e["serial"] == n, position
            )
            assert told["records"] == read(text).records
            run.serves(read(text))
        position = len(run.fleet.events)
        run.stop()
        warned = run.fleet.wait("warned", FOLLOWED_SECONDS, after=position)
        assert warned["reason"] == "Retrying" and "no connection" in warned["message"]
        run.serves(read(text))


@KINDS
def test_a_signed_zone_stays_as_it_was_signed(kind: Kind, tmp_path: Path) -> None:
    zone = signed(read(zone_file(7, 20)))
    with following(kind, zone.to_text(), tmp_path) as run:
        published = run.fleet.wait("published", FIRST_SECONDS)
        assert (published["serial"], published["records"]) == (7, zone.records)
        run.serves(zone)
        ((host, port),) = run.fleet.servers
        query = dns.message.make_query("host1.example.com.", "A", want_dnssec=True)
        reply = dns.query.udp(query, host, 5, port)
        assert [rrset.rdtype.name for rrset in reply.answer] == ["A", "RRSIG"]


@KINDS
def test_a_change_that_it_tells_of_does_not_wait_for_the_refresh(
    kind: Kind, tmp_path: Path
) -> None:
    with following(kind, zone_file(7, 20, refresh=1000), tmp_path) as run:
        run.fleet.wait("published", FIRST_SECONDS)
        for number in (8, 9):
            position = len(run.fleet.events)
            run.change(zone_file(number, 20, refresh=1000))
            told = run.fleet.wait("published", NOTIFIED_SECONDS, after=position)
            assert told["serial"] == number
