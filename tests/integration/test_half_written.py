"""A writer that pauses, or keeps the file open, in the middle of a source: no part of it is served.

Each round writes one source in place (a manifest, a zone file, or a file that it includes), stops
anywhere in its middle, and goes on. What a part of it would say differs from the whole in the
number of records, or cannot be read. So every publication must have all records, nothing may be
refused or held, and a name at the end of the file has an answer at any time.
"""

import functools
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fleet import Fleet, replace
from support.up_runs import LIVE_SECONDS, ask, pops, zone
from support.waiting import wait_for

ROUNDS = int(os.environ.get("HALF_WRITES") or 40)
"""`HALF_WRITES=1000` is the long form, about ten minutes."""
SEED = 12
NAMES = 200
"""In each source: a file of several blocks."""
MAX_PAUSE_SECONDS = 0.06
KEPT_OPEN_SECONDS = 0.7
"""Longer than any file has to be quiet."""
KEPT_OPEN_SHARE = 0.1
"""Of the rounds: they take long."""

ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: listed}
spec:
  origin: listed.example
  nameServers: [ns1.example.net]
  records:
"""
FILED = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: filed}
spec: {origin: filed.example, zoneFile: {path: filed.zone}}
"""
HEAD = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
"""
APEX_RECORDS = 2
RECORDS = {
    "listed.example.": NAMES + APEX_RECORDS,
    "filed.example.": 2 * NAMES + APEX_RECORDS,
}
SOURCES = {
    "listed.yaml": ("h", "listed.example"),
    "filed.zone": ("h", "filed.example"),
    "included": ("i", "filed.example"),
}
"""By file: how its names begin, and their zone."""


def text(source: str, generation: int) -> str:
    """A source that has an address of its own in each generation."""
    address = f"192.0.{generation // 256}.{generation % 256}"
    first, _ = SOURCES[source]
    if source == "listed.yaml":
        lines = (f"    - {{name: {first}{i}, type: A, data: [{address}]}}\n" for i in range(NAMES))
        return ZONE + "".join(lines)
    lines = "".join(f"{first}{i} A {address}\n" for i in range(NAMES))
    return f"{HEAD}{lines}$INCLUDE included\n" if source == "filed.zone" else lines


class Writer:
    """A fleet, and somebody who writes its files in pieces."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "manifests"
        self.folder.mkdir()
        replace(self.folder / "filed.yaml", FILED)
        replace(self.folder / "pops.yaml", pops("fra"))
        for source in SOURCES:
            replace(self.folder / source, text(source, 1))
        self.fleet = Fleet(self.folder, root / "state", 1)

    def answer(self, source: str) -> list[str] | None:
        """The addresses of the last name of a source."""
        first, zone = SOURCES[source]
        return ask(self.fleet.servers[0], f"{first}{NAMES - 1}.{zone}")

    def write(self, source: str, generation: int, cut: int, pause: float) -> None:
        """Write a source in place, in two pieces; what is asked in between has an old answer."""
        before = self.answer(source)
        assert before is not None
        whole = text(source, generation)
        with (self.folder / source).open("w") as file:
            file.write(whole[:cut])
            file.flush()
            until = time.monotonic() + pause
            while time.monotonic() < until:
                assert self.answer(source) == before
            file.write(whole[cut:])
        address = [f"192.0.{generation // 256}.{generation % 256}"]
        seen = [before]

        def live() -> bool:
            seen.append(self.answer(source))
            return seen[-1] == address

        wait_for(f"{source} in generation {generation}", live, LIVE_SECONDS)
        assert all(each in (before, address) for each in seen)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    writer = Writer(tmp_path)
    with writer.fleet:
        writer.fleet.wait("ready", 60)
        yield writer


@pytest.mark.timeout(120 + ROUNDS)
def test_no_part_of_a_source_is_served(writer: Writer) -> None:
    generator = random.Random(SEED)
    for generation in range(2, 2 + ROUNDS):
        source = generator.choice(list(SOURCES))
        cut = generator.randrange(len(text(source, generation)))
        pause = generator.uniform(0, MAX_PAUSE_SECONDS)
        if generator.random() < KEPT_OPEN_SHARE:
            pause = KEPT_OPEN_SECONDS
        writer.write(source, generation, cut, pause)
    events = writer.fleet.events
    published = [event for event in events if event["event"] == "published"]
    assert len(published) >= ROUNDS
    assert [event for event in published if event["records"] != RECORDS[event["zone"]]] == []
    assert [e for e in events if e["event"] in ("rejected", "held", "warned")] == []


def test_an_emptied_include_is_held_until_it_is_approved(writer: Writer) -> None:
    """It has half of the zone here; `test_plans` has one that is a small part."""
    replace(writer.folder / "included", "")
    held = writer.fleet.wait("held", LIVE_SECONDS)
    assert held["zone"] == "filed.example."
    assert "included is empty" in held["message"]
    assert writer.answer("included") == ["192.0.0.1"]
    plan = held["message"].rpartition(" ")[2]
    approval = f'{{name: filed, annotations: {{dnsfleet.io/approve: "{plan}"}}}}'
    replace(writer.folder / "filed.yaml", FILED.replace("{name: filed}", approval))
    wait_for("the approved change", lambda: writer.answer("included") is None, LIVE_SECONDS)


def test_a_small_include_that_lost_most_is_held(writer: Writer) -> None:
    lines = text("included", 1).splitlines(keepends=True)
    replace(writer.folder / "small", "".join(lines[:30]).replace("i", "s"))
    both = text("filed.zone", 1) + "$INCLUDE small\n"
    replace(writer.folder / "filed.zone", both)
    last = f"s{29}.filed.example"
    ask_small = functools.partial(ask, writer.fleet.servers[0], last)
    wait_for("the small part", lambda: ask_small() == ["192.0.0.1"], LIVE_SECONDS)
    replace(writer.folder / "small", "".join(lines[:15]).replace("i", "s"))
    held = writer.fleet.wait("held", LIVE_SECONDS)
    assert f"and {writer.folder}/small has lost 15 of 30 records; if" in held["message"]
    assert ask_small() == ["192.0.0.1"]
    replace(writer.folder / "small", "".join(lines[:30]).replace("i", "t"))
    # As many records, with other names: nothing is lost, and so nothing is held.
    wait_for("other names", lambda: ask_small() is None, LIVE_SECONDS)


def test_a_manifest_that_lost_most_of_its_zones_removes_them_when_it_says_so(
    writer: Writer,
) -> None:
    zones = [zone(f"z{number:02}", "192.0.2.1") for number in range(12)]
    manifest = writer.folder / "many.yaml"
    server = writer.fleet.servers[0]
    replace(manifest, "---\n".join(zones))
    wait_for("the zones", lambda: ask(server, "www.z11.example") == ["192.0.2.1"], LIVE_SECONDS)
    before = len(writer.fleet.events)
    replace(manifest, zones[0])
    told = writer.fleet.wait("warned", LIVE_SECONDS, after=before)
    assert (told["reason"], told["where"]) == ("UnsafePlan", f"{manifest}:1")
    assert "11 of 12 documents are not in the file any more" in told["message"]
    assert ask(server, "www.z11.example") == ["192.0.2.1"]
    comment = told["message"].partition("comment into the file: ")[2]
    replace(manifest, f"{comment}\n{zones[0]}")
    removed = {writer.fleet.wait("removed", LIVE_SECONDS, after=before)["zone"]}

    def are_gone() -> bool:
        removed.update(e["zone"] for e in writer.fleet.events if e["event"] == "removed")
        return len(removed) == 11

    wait_for("all that left", are_gone, LIVE_SECONDS)
    assert ask(server, "www.z00.example") == ["192.0.2.1"]


def test_an_edited_origin_is_refused_and_one_zone_is_served(writer: Writer) -> None:
    edited = text("listed.yaml", 2).replace("listed.example", "moved.example")
    replace(writer.folder / "listed.yaml", edited)
    told = writer.fleet.wait("rejected", LIVE_SECONDS)
    assert told["reason"] == "Immutable"
    assert told["where"] == f"{writer.folder}/listed.yaml:5: spec.origin"
    before = len(writer.fleet.events)
    replace(writer.folder / "included", text("included", 2))
    writer.fleet.wait("propagated", LIVE_SECONDS, after=before)
    assert writer.answer("listed.yaml") == ["192.0.0.1"]
    assert ask(writer.fleet.servers[0], f"h{NAMES - 1}.moved.example") is None


def test_a_fleet_that_starts_beside_a_writer_waits_for_it_and_tells_it(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    path = writer.folder / "listed.yaml"
    whole = path.read_text()
    with path.open("w") as file:
        file.write(whole[: len(whole) // 2])
        file.flush()
        with writer.fleet as fleet:
            ready = fleet.wait("ready", 60)
            assert ready["zones"] == ["filed.example."]
            told = fleet.wait("warned", LIVE_SECONDS)
            assert (told["where"], told["reason"]) == (str(path), "BeingWritten")
            file.write(whole[len(whole) // 2 :])
            file.close()
            wait_for("the zone", lambda: writer.answer("listed.yaml"), LIVE_SECONDS)
            fleet.wait("published", LIVE_SECONDS, lambda e: e["zone"] == "listed.example.")
            published = [e for e in fleet.events if e["event"] == "published"]
    assert {e["zone"]: e["records"] for e in published} == RECORDS
