"""Chains of changes lead from each version of a zone to the newest, as dnspython applies them."""

from typing import Any

import dns.message
import dns.xfr
import dns.zone
import dns.zonefile
import pytest
from dnsfleet_engine import Changes, Transfer, Zone, ZoneBuilder
from dnsfleet_gate import journal
from dnsfleet_gate.journal import Journal
from hypothesis import given, settings
from hypothesis import strategies as st
from support.zones import hosts, make_zone

ORIGIN = "example.com."
OTHERS = hosts(120)
"""Enough that any chain here is smaller than the zone."""


def as_zone(zone: Zone) -> dns.zone.Zone:
    return dns.zone.from_text(zone.to_text(), origin=ORIGIN, relativize=False)


def secondary(held: dns.zone.Zone, newest: Zone, steps: list[Changes], room: int = 65535) -> None:
    """Have a secondary take the steps from what it has."""
    query, serial = dns.xfr.make_query(held)
    transfer = Transfer(newest, query.to_wire(), steps)
    options: Any = {"rdtype": query.question[0].rdtype, "serial": serial}
    with dns.xfr.Inbound(held, **options) as inbound:
        done = False
        while (wire := transfer.message(room)) is not None:
            assert not done and len(wire) <= room
            message = dns.message.from_wire(wire, xfr=True, one_rr_per_rrset=True)
            done = inbound.process_message(message)
        assert done


NAME = st.sampled_from(["@", "a", "b", "*.b", "c.d", "host7"])
ROW = st.one_of(
    st.tuples(NAME, st.just("A"), st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"])),
    st.tuples(NAME, st.just("TXT"), st.sampled_from(["x", "y"])),
    st.tuples(NAME, st.just("MX"), st.sampled_from(["10 a", "20 B.example.net."])),
)


def version(rows: list[tuple[str, str, str]], ttl: int, serial: int) -> Zone:
    builder = ZoneBuilder(ORIGIN)
    builder.add_zone(make_zone(ORIGIN, OTHERS, serial=serial))
    for owner, rtype, data in rows:
        if owner != "host7" or rtype != "A":
            builder.add_record(owner, rtype, ttl, data, "test")
    zone, found = builder.finish()
    assert zone is not None, found
    return zone


VERSION = st.tuples(st.lists(ROW, max_size=4), st.sampled_from([300, 60]))


@settings(max_examples=50)
@given(st.lists(VERSION, min_size=2, max_size=4), st.integers(300, 2000))
def test_each_version_is_led_to_the_newest(
    found: list[tuple[list[tuple[str, str, str]], int]], room: int
) -> None:
    made = [version(*each, serial=serial) for serial, each in enumerate(found, start=1)]
    kept = Journal()
    for zone in made:
        kept.put(ORIGIN, zone)
    for zone in made[:-1]:
        steps = kept.since(made[-1], zone.serial)
        assert steps is not None
        held = as_zone(zone)
        secondary(held, made[-1], steps, room)
        assert held == as_zone(made[-1])
    assert kept.since(made[-1], 0) is None
    assert kept.since(made[-2], made[0].serial) is None


def serials(kept: Journal, newest: Zone) -> list[int]:
    """From which there are steps."""
    return [each for each in range(newest.serial) if kept.since(newest, each) is not None]


def test_a_large_change_leads_to_the_whole_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Journal()
    kept.put(ORIGIN, make_zone(ORIGIN, OTHERS, serial=1))
    kept.put(ORIGIN, make_zone(ORIGIN, OTHERS, serial=2))
    newest = make_zone(ORIGIN, [], serial=3)
    kept.put(ORIGIN, newest)
    assert serials(kept, newest) == []  # the steps are larger than the zone
    monkeypatch.setattr(journal, "STEP_OCTETS", 100)
    newest = make_zone(ORIGIN, OTHERS, serial=4)
    kept.put(ORIGIN, newest)
    monkeypatch.undo()
    after = make_zone(ORIGIN, OTHERS, serial=5)
    kept.put(ORIGIN, after)
    assert serials(kept, after) == [4]


def test_the_oldest_steps_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Journal()
    first = make_zone(ORIGIN, OTHERS, serial=1)
    size = len(Changes.between(first, make_zone(ORIGIN, OTHERS, serial=2), 10_000) or "")
    size += journal.STEP_OVERHEAD
    monkeypatch.setattr(journal, "ZONE_OCTETS", 3 * size)
    for serial in range(1, 10):
        newest = make_zone(ORIGIN, OTHERS, serial=serial)
        kept.put(ORIGIN, newest)
    assert serials(kept, newest) == [6, 7, 8]
    monkeypatch.setattr(journal, "OCTETS", 4 * size)
    for serial in (1, 2, 3):
        other = make_zone("other.", OTHERS, serial=serial)
        kept.put("other.", other)
    assert serials(kept, newest) == [] and serials(kept, other) == [1, 2]


def test_a_zone_that_is_gone_or_loaded_anew() -> None:
    kept = Journal()
    made = [make_zone(ORIGIN, OTHERS, serial=serial) for serial in (1, 2)]
    for zone in (*made, make_zone(ORIGIN, OTHERS, serial=2)):
        kept.put(ORIGIN, zone)
    assert serials(kept, made[1]) == [1]
    kept.put(ORIGIN, make_zone(ORIGIN, hosts(121), serial=2))
    assert serials(kept, made[1]) == []
    kept.put(ORIGIN, None)
    assert kept.since(made[1], 1) is None
    kept.put(ORIGIN, made[1])
    assert serials(kept, made[1]) == []


@pytest.mark.parametrize(
    ("before", "known"), [([1], [2, 3]), ([1, 2], [3]), ([1, 2, 3], [])], ids=str
)
def test_a_serial_that_two_versions_had_leads_to_the_whole_zone(
    before: list[int], known: list[int]
) -> None:
    """Nobody knows which of them a secondary has."""
    kept = Journal()
    for hosts_beside, serial in enumerate([*before, 1, 2, 3, 4]):
        newest = make_zone(ORIGIN, hosts(120 + hosts_beside), serial=serial)
        kept.put(ORIGIN, newest)
    assert serials(kept, newest) == known
