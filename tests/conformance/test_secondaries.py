"""Knot, NSD and BIND as secondaries, with the lines of docs/integrations/secondaries.md."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from support import nameservers, secondaries
from support.fleet import Fleet, replace
from support.ports import free_port
from support.secondaries import KEY, SECRET, ZONE, follows, lines, serial, tsig_key
from support.up_runs import pops

DIG_KEY = f"hmac-sha256:{KEY}:{SECRET}"
OTHER_SECRET = "VGhpcyBpcyBub3QgdGhlIHNlY3JldCBvZiB0aGUga2V5"
KINDS = (nameservers.KNOT, nameservers.NSD, nameservers.BIND)
START_SECONDS = 30.0
NOTIFIED_SECONDS = 20.0
"""A NOTIFY and a transfer take much less; servers put off a second one for some seconds."""
REFRESH = 3
"""Seconds after which a secondary asks by itself."""
REFRESHED_SECONDS = 60.0
"""A few times that; servers do not ask more often than they think is good."""
NEVER = 86400
LARGE = 40
"""Strings of the largest record: NSD would not transfer more than 16 KiB of one to us."""
FILE = "example.com.zone"
RECORDS = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 REFRESH 2 1209600 300
@ NS ns1.example.net.
@ MX 10 Mail.Example.Com.
@ TXT "v=spf1 -all" "and \\"more\\""
* TXT wildcard
_sip._tcp SRV 0 5 5060 sip
sub NS ns.sub
ns.sub A 192.0.2.7
alias CNAME www
d DNAME example.net.
caa CAA 0 issue "ca.example.net"
svc HTTPS 1 . alpn=h2
other TYPE65280 \\# 3 010203
big TXT BIG
"""
ZONE_OBJECT = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {{name: example-com}}
spec:
  origin: {ZONE}
  zoneFile: {{path: {FILE}}}
---
"""


class Running(NamedTuple):
    fleet: Fleet
    files: Path
    refresh: int
    gate: int
    ports: dict[str, int]
    """Of the secondaries, by program."""

    def publish(self, hosts: int) -> int:
        """Serve so many hosts; the new serial."""
        position = len(self.fleet.events)
        write(self.files, hosts, self.refresh)
        return int(self.fleet.wait("propagated", 60, after=position)["serial"])

    def are_equal(self) -> None:
        """Every secondary has the zone of the gate."""
        expected = lines(self.gate, DIG_KEY)
        assert len(expected) > 100
        for port in self.ports.values():
            found = lines(port)
            assert sorted(set(found) ^ set(expected)) == []
            assert found == expected


def write(files: Path, hosts: int, refresh: int) -> None:
    big = " ".join(["x" * 250] * LARGE)
    text = RECORDS.replace("REFRESH", str(refresh)).replace("BIG", big)
    text += "".join(f"host{n} A 10.0.{n >> 8}.{n & 255}\n" for n in range(hosts))
    replace(files / FILE, text)


@contextmanager
def running(folder: Path, refresh: int, told: bool) -> Iterator[Running]:
    """A fleet with a gate, and three secondaries that have its zone."""
    files, gate = folder / "files", free_port()
    files.mkdir()
    ports = {kind.program: free_port() for kind in KINDS}
    write(files, 3000, refresh)
    key = secondaries.manifest(ports.values() if told else [])
    (files / "all.yaml").write_text(ZONE_OBJECT + pops("fra") + "---\n" + key)
    with ExitStack() as stack:
        fleet = Fleet(files, folder / "state", 1, "--gate", str(gate))
        stack.enter_context(fleet)
        fleet.wait("transferring", 60)
        for kind in KINDS:
            own = folder / kind.program
            own.mkdir()
            stack.enter_context(secondaries.secondary(kind, gate, ports[kind.program], own))
        found = Running(fleet, files, refresh, gate, ports)
        held = serial(gate, tsig_key())
        assert held is not None
        for port in ports.values():
            follows(port, held, START_SECONDS)
        yield found


@pytest.fixture(scope="module", name="fleet")
def _fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("notified"), NEVER, told=True) as found:
        yield found


def test_secondaries_have_the_zone_and_follow_a_notify(fleet: Running) -> None:
    fleet.are_equal()
    for hosts in (3100, 2900, 3000):
        new = fleet.publish(hosts)
        for port in fleet.ports.values():
            follows(port, new, NOTIFIED_SECONDS)
        fleet.are_equal()


def test_secondaries_take_changes_and_not_the_whole_zone_again(fleet: Running) -> None:
    log = fleet.files.parent / "state" / "logs" / "gate.log"
    before = log.read_text().count("type=axfr")
    for hosts in (3010, 3020, 3015):
        new = fleet.publish(hosts)
        for port in fleet.ports.values():
            follows(port, new, NOTIFIED_SECONDS)
    whole, changes = (log.read_text().count(f"type={each}") for each in ("axfr", "ixfr"))
    assert whole == before and changes >= 3 * len(fleet.ports)
    fleet.are_equal()


def test_secondaries_that_nobody_tells_follow_within_their_refresh(tmp_path: Path) -> None:
    with running(tmp_path, REFRESH, told=False) as fleet:
        new = fleet.publish(2900)
        for port in fleet.ports.values():
            follows(port, new, REFRESHED_SECONDS)
        fleet.are_equal()


def clients(gate: int, *options: str) -> dict[str, list[str]]:
    """Both clients, with what they are asked to do."""
    return {
        "dig": ["dig", "@127.0.0.1", "-p", str(gate), "+tries=1", *options],
        "kdig": ["kdig", "@127.0.0.1", "-p", str(gate), "+retry=0", "+notls", *options],
    }


@pytest.mark.parametrize("client", ["dig", "kdig"])
def test_clients_believe_every_message_of_a_transfer(fleet: Running, client: str) -> None:
    asked = clients(fleet.gate, "-y", DIG_KEY, ZONE, "AXFR")[client]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
    records = [line for line in told.splitlines() if line.startswith(("example.com.", "host"))]
    expected = lines(fleet.gate, DIG_KEY)
    soas = [line for line in records if "\tSOA\t" in line]
    hosts = [line for line in records if line.startswith("host")]
    assert len(soas) == 2
    assert len(hosts) == sum(1 for each in expected if each.startswith("host"))
    assert "WARN" not in told and "could not be validated" not in told


@pytest.mark.parametrize("client", ["dig", "kdig"])
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["-y", f"hmac-sha256:{KEY}:{OTHER_SECRET}"], "BADSIG"),
        (["-y", f"hmac-sha256:nobody:{SECRET}"], "BADKEY"),
        (["-y", f"hmac-sha512:{KEY}:{SECRET}"], "BADKEY"),
        ([], "REFUSED"),
    ],
)
def test_clients_understand_why_they_get_nothing(
    fleet: Running, client: str, options: list[str], error: str
) -> None:
    asked = clients(fleet.gate, *options, ZONE, "SOA")[client]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=30).stdout
    assert error in told
    assert "ANSWER: 0" in told
