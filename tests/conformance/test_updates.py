"""UPDATE messages by chance get the codes of BIND, and make the same zone of it."""

import asyncio
import os
import random
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.update
import dns.zone
from dns.rdatatype import RdataType
from dnsfleet_gate.updating import batches, changes
from dnsfleet_gate.updating.outcomes import Waiting
from support import nameservers, random_updates, update_rigs
from support.ports import free_port
from support.update_rigs import MemoryStore, Operator
from support.waiting import wait_for

MESSAGES = int(os.environ.get("UPDATES", "1500"))
LOOK = 25
"""Messages between two comparisons of the zones."""
SECONDS = 10.0
ORIGIN = dns.name.from_text(update_rigs.ORIGIN)
NOW = "2026-06-01T00:00:00Z"
ZONE_FILE = f"""\
{ORIGIN} 300 SOA ns.example.net. hostmaster.{ORIGIN} 1 7200 900 1209600 300
{ORIGIN} 300 NS ns.example.net.
"""
Content = set[tuple[dns.name.Name, RdataType, int, frozenset[object]]]


class Ours:
    """The rules of the gate and of the operator, without sockets."""

    def __init__(self) -> None:
        from dnsfleet_engine import Engine

        self.engine = Engine()
        self.key = update_rigs.key(types=frozenset(map(_normal, random_updates.DATA)))
        self.store = MemoryStore(Operator(self.engine.load, []))

    async def answer(self, wire: bytes) -> str:
        """The code of a message, which is published then."""
        read = dns.message.from_wire(wire)
        assert isinstance(read, dns.update.UpdateMessage)
        try:
            changes.check_zone(read)
        except changes.UpdateError as error:
            return dns.rcode.to_text(error.rcode)
        zone = self.engine.zone(update_rigs.ORIGIN)
        assert zone is not None
        stored = self.store.read(self.key.name, update_rigs.ZONE)
        assert self.key.updates is not None
        waiting = Waiting(self.key.name, self.key.updates, read, 0.0)
        batch = batches.make([waiting], zone, {self.key.name: stored.claims}, NOW)
        for key, claims in batch.writes.items():
            made = self.store.write(key, update_rigs.ZONE, claims, stored.version)
            assert not made.refusal
        return dns.rcode.to_text(batch.judged[0].outcome.rcode)

    @property
    def content(self) -> Content:
        """What is published."""
        zone = self.engine.zone(update_rigs.ORIGIN)
        assert zone is not None
        return _content(dns.zone.from_text(zone.to_text(), ORIGIN, relativize=False))


def _normal(rtype: str) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.from_text(rtype))


def _content(zone: dns.zone.Zone) -> Content:
    """All but the SOA, whose serial each server sets."""
    return {
        (name.canonicalize(), rdataset.rdtype, rdataset.ttl, frozenset(rdataset))
        for name, rdataset in zone.iterate_rdatasets()
        if rdataset.rdtype != RdataType.SOA
    }


def _of_bind(port: int) -> Content:
    zone = dns.zone.Zone(ORIGIN, relativize=False)
    dns.query.inbound_xfr("127.0.0.1", zone, port=port, lifetime=SECONDS)
    return _content(zone)


def test_codes_and_zones_are_those_of_bind(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "example.org.zone"
    file.write_text(ZONE_FILE)
    config = nameservers.BIND.configure({}, tmp_path, port) + (
        f'zone "{ORIGIN}" {{ type primary; file "{file}"; allow-update {{ any; }}; }};\n'
    )
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    seen: set[str] = set()

    async def compare() -> None:
        ours = Ours()
        for number in range(MESSAGES):
            message = random_updates.message(chance, ORIGIN)
            wire = message.to_wire()
            theirs = dns.query.tcp(message, "127.0.0.1", SECONDS, port)
            told = dns.rcode.to_text(theirs.rcode())
            said = await ours.answer(wire)
            seen.add(told)
            assert said == told, f"message {number}:\n{dns.message.from_wire(wire)}"
            if number % LOOK == 0 or number == MESSAGES - 1:
                held, known = ours.content, _of_bind(port)
                assert held == known, (number, held - known, known - held)

    with nameservers.running(nameservers.BIND, config, tmp_path):
        wait_for("BIND serves the zone", lambda: nameservers._serves(str(ORIGIN), port), 30)
        asyncio.run(compare())
    assert seen >= {"NOERROR", "NXDOMAIN", "YXDOMAIN", "NXRRSET", "YXRRSET", "FORMERR", "NOTZONE"}
