"""Probers and real edges: the list by a real replica, queries over real sockets."""

import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from dnsfleet import cookies
from dnsfleet.cookies import Part, Secret
from dnsfleet.probing import lists
from dnsfleet.probing.division import EVERYWHERE
from dnsfleet.probing.lists import ProbedPop, ProbeList
from dnsfleet.replication import acks, keys
from dnsfleet.replication.manifests import Manifest
from dnsfleet_probe import table
from dnsfleet_probe.metrics import ProbeMetrics
from dnsfleet_probe.prober import Prober, Round
from dnsfleet_probe.replica import Replica
from dnsfleet_publisher.probe_lists import ProbeLists
from support.edge_fleets import NEW, OLD, EdgeFleet
from support.edges import HOST
from support.ports import free_port
from support.signed_zones import FORGER, PUBLISHER
from support.waiting import wait_for

ORIGIN, OTHER = "example.com.", "example.org."
ABOUT_ZONES = ("dnsfleet_probe_current", "dnsfleet_probe_zones_wrong")
CONFIRM_SECONDS = 0.5
"""A newer list is written before the round here, so nothing is gained by waiting."""


class Rig:
    """A fleet of one edge, the writer of its probe list, and a prober that reads at the core."""

    def __init__(self, folder: Path) -> None:
        secrets = folder / "cookies"
        secrets.write_text(cookies.to_text([Secret(Part.CURRENT, bytes(16), 0)]))
        self.fleet = EdgeFleet(folder, cookie_secrets=str(secrets))
        self.fleet.serving()
        self.origins = [ORIGIN]
        self.lists = ProbeLists(self.fleet.store, lambda: self.origins)
        self.replica = Replica(self.fleet.core.url, folder / "edge" / "publisher.pub")
        self.reads = 0
        """How often the prober looked for a list."""
        self.prober = Prober(EVERYWHERE, self, threading.Event())

    def probe_list(self) -> ProbeList:
        self.reads += 1
        return self.replica.probe_list()

    def manifests(self, origins: Sequence[str]) -> dict[str, Manifest]:
        return self.replica.manifests(origins)

    def proved(self) -> int:
        """Up to where the edge proves that it answers."""
        ack = self.fleet.ack()
        return -1 if ack is None else acks.answered(ack, self.fleet.store.positions)

    def pop(self, drained: bool = False) -> ProbedPop:
        return ProbedPop("fra", ((HOST, self.fleet.edge.port),), drained, self.proved())

    def write(self, *pops: ProbedPop, zones: int = 1) -> ProbeList:
        """Write a list of these Pops, or of the edge once it proves all."""
        if not pops:
            newest = self.fleet.store.position
            wait_for("the proof", lambda: self.proved() >= newest, 20)
            pops = (self.pop(),)
        assert self.lists.write(pops, time.time_ns() // 1_000_000, PUBLISHER)
        said = self.replica.probe_list()
        assert len(said.zones) == zones
        return said

    def round_with_news(self, news: Callable[[], object]) -> Round:
        """A round that found something wrong, and the list that comes while it waits for one."""
        found: list[Round] = []
        asking = threading.Thread(target=lambda: found.append(self.prober.round(30.0)))
        before = self.reads
        asking.start()
        wait_for("it waits for news", lambda: self.reads >= before + 2, 30)
        news()
        asking.join(60)
        return found[0]

    def round(self) -> Round:
        return self.prober.round(CONFIRM_SECONDS)

    def reasons(self) -> list[tuple[str, str]]:
        """Reason and transport of each fault of a round."""
        return [(f.reason, f.where.split()[1]) for v in self.round().verdicts for f in v.faults]

    def close(self) -> None:
        self.replica.close()
        self.fleet.client.close()
        self.fleet.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def samples(found: Round) -> dict[str, float]:
    """What an exporter shows of it."""
    metrics = ProbeMetrics()
    metrics.take(found)
    return {
        f"{sample.name} {' '.join(sample.labels.values())}": sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name.startswith("dnsfleet_probe")
    }


def test_what_is_published_is_seen_from_outside(rig: Rig) -> None:
    said = rig.write()
    assert said.zones[0].record is not None
    found = rig.round()
    (verdict,) = found.verdicts
    assert (verdict.faults, table.status(found)) == ((), table.AS_PUBLISHED)
    at = f"{HOST}:{rig.fleet.edge.port}"
    shown = samples(found)
    assert shown[f"dnsfleet_probe_up fra {at} udp"] == shown[f"dnsfleet_probe_up fra {at} tcp"] == 1
    assert shown["dnsfleet_probe_zones_wrong fra"] == 0
    assert f"dnsfleet_probe_current fra {ORIGIN}" not in shown  # there are others each time
    assert shown["dnsfleet_probe_disagreement fra"] == 0
    assert shown["dnsfleet_probe_duration_seconds_count fra udp"] == 2
    assert shown["dnsfleet_probe_list_timestamp_seconds "] == said.time_ms / 1000
    assert "fra" in table.text(found)


def test_a_prober_shows_a_cookie_and_so_counts_for_no_limit(rig: Rig) -> None:
    """An edge limits nobody on loopback, so what it counts has to tell."""
    rig.write()
    assert rig.reasons() == []
    page = rig.fleet.edge.page("/metrics")[1]
    sums = [line.rpartition(" ") for line in page.splitlines() if "edge_cookies_total{" in line]
    for cookie, queries in (("client", 1), ("valid", 1), ("invalid", 0)):
        counted = sum(float(value) for name, _, value in sums if f'cookie="{cookie}"' in name)
        assert counted == queries, cookie


def test_an_edge_that_does_not_answer_contradicts_its_proof(rig: Rig) -> None:
    rig.write()
    rig.fleet.edge.kill()
    assert rig.reasons() == [("NoAnswer", "udp"), ("NoAnswer", "tcp")]
    found = rig.round()
    assert table.status(found) == table.DIFFERS
    shown = samples(found)
    assert shown["dnsfleet_probe_disagreement fra"] == 1
    assert shown[f"dnsfleet_probe_up fra {HOST}:{rig.fleet.edge.port} udp"] == 0
    assert not [name for name in shown if name.startswith(ABOUT_ZONES)]
    rig.write(rig.pop()._replace(answers=-1))  # it proves nothing any more
    found = rig.round()
    assert table.status(found) == table.DIFFERS
    assert samples(found)["dnsfleet_probe_disagreement fra"] == 0
    rig.write(rig.pop(drained=True))
    found = rig.round()
    assert (found.verdicts, table.status(found)) == ((), table.UNKNOWN)
    assert "drained: fra" in table.text(found)


def test_a_pop_that_was_drained_while_it_was_asked_is_no_disagreement(rig: Rig) -> None:
    rig.write()
    rig.fleet.edge.kill()
    found = rig.round_with_news(lambda: rig.write(rig.pop(drained=True)))
    assert found.verdicts == ()


def test_an_edge_that_stays_behind_is_asked_until_it_is_not(rig: Rig) -> None:
    fleet = rig.fleet
    rig.write()
    fleet.replica.freeze()
    fleet.publish(NEW)
    rig.write(rig.pop()._replace(answers=fleet.store.position))
    assert rig.reasons() == [("Behind", "udp"), ("Behind", "tcp")]
    rig.origins = []
    rig.write(rig.pop()._replace(answers=fleet.store.position), zones=0)
    found = rig.round()  # the list names it no more
    shown = samples(found)
    assert shown[f"dnsfleet_probe_current fra {ORIGIN}"] == 0
    assert shown["dnsfleet_probe_zones_wrong fra"] == 1
    assert shown["dnsfleet_probe_disagreement fra"] == 1
    fleet.replica.thaw()
    fleet.answers(NEW)
    assert rig.reasons() == []
    assert not [name for name in samples(rig.round()) if name.startswith(ABOUT_ZONES)]


def test_times_are_forgotten_with_the_pop_that_is_asked_no_more(rig: Rig) -> None:
    rig.write()
    metrics, count = ProbeMetrics(), "dnsfleet_probe_duration_seconds_count"
    labels = {"pop": "fra", "transport": "udp"}
    metrics.take(rig.round())
    assert metrics.registry.get_sample_value(count, labels) == 2
    rig.write(rig.pop(drained=True))
    metrics.take(rig.round())
    assert metrics.registry.get_sample_value(count, labels) == 2  # it may be back
    metrics.take(rig.round()._replace(list=rig.write(rig.pop()._replace(name="iad"))))
    assert metrics.registry.get_sample_value(count, labels) is None


def test_what_edges_say_that_they_cannot_load_is_no_disagreement(rig: Rig) -> None:
    """Also when the next list has come to other zones, and so does not name it."""
    fleet = rig.fleet
    rig.write()
    fleet.replica.freeze()
    fleet.publish(NEW)
    pop = rig.pop()._replace(answers=fleet.store.position, exceptions=(ORIGIN,))
    rig.write(pop)
    rig.origins = []
    (verdict,) = rig.round_with_news(lambda: rig.write(pop, zones=0)).verdicts
    assert {fault.reason for fault in verdict.faults} == {"Behind"}
    assert not verdict.disagrees
    assert rig.reasons() == []  # it is not asked for until its turn comes
    fleet.replica.thaw()


def test_a_zone_that_is_published_again_or_removed_meanwhile_is_no_fault(rig: Rig) -> None:
    fleet = rig.fleet
    fleet.publish(OLD, OTHER)
    rig.origins = [ORIGIN, OTHER]
    rig.write(zones=2)
    fleet.store.tombstone(OTHER)
    fleet.answers("REFUSED", OTHER)
    fleet.publish(NEW)
    fleet.answers(NEW)
    found = rig.round()
    assert [verdict.faults for verdict in found.verdicts] == [()]
    assert found.verdicts[0].answered == {ORIGIN}


def test_a_record_that_is_another_one_under_the_same_serial_is_a_fault(rig: Rig) -> None:
    said = rig.write()
    (zone,), wrong = said.zones, frozenset({b"\1x\0"})
    assert zone.record is not None
    forged = ProbeList(
        said.revision,
        said.time_ms,
        said.pops,
        (zone._replace(record=zone.record._replace(rdata=wrong)),),
    )
    signed = lists.sign(forged, PUBLISHER)
    rig.fleet.client.hset(keys.PROBES, keys.PROBE_LIST, signed)
    assert rig.reasons() == [("OtherRecord", "udp"), ("OtherRecord", "tcp")]


def test_a_prober_goes_on_with_what_it_knew_and_says_how_old_that_is(rig: Rig) -> None:
    assert rig.lists.write([rig.pop()], 1, PUBLISHER)
    assert rig.reasons() == []
    known = rig.replica.probe_list()
    signed = lists.sign(ProbeList(known.revision, 2, (), ()), FORGER)
    rig.fleet.client.hset(keys.PROBES, keys.PROBE_LIST, signed)
    found = rig.round()
    assert "not to be trusted" in found.problem
    assert found.list == known
    shown = samples(found)
    assert shown["dnsfleet_probe_list_timestamp_seconds "] == 0.001
    assert not [name for name in shown if name.startswith("dnsfleet_probe_disagreement")]
    assert "s old: what is inside may be otherwise" in table.text(found)
    rig.fleet.core.kill()
    found = rig.round()
    assert "does not answer" in found.problem
    assert [verdict.faults for verdict in found.verdicts] == [()]


def test_a_list_of_an_earlier_writer_brings_nothing_back(rig: Rig) -> None:
    rig.write()
    before = rig.fleet.client.hget(keys.PROBES, keys.PROBE_LIST)
    rig.round()
    newest = rig.write()
    rig.round()
    rig.fleet.client.hset(keys.PROBES, keys.PROBE_LIST, before)
    assert rig.round().list == newest


def test_the_program_exports_what_the_replica_of_its_pop_says(rig: Rig, tmp_path: Path) -> None:
    rig.write()
    http = free_port()
    command = [sys.executable, "-m", "dnsfleet_probe", "--user", "default"]
    command += ["--replica", f"{HOST}:{rig.fleet.replica.port}"]
    command += ["--public-key", str(tmp_path / "edge" / "publisher.pub")]
    once = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60)
    assert (once.returncode, once.stderr) == (0, "")
    assert f'"{ORIGIN}": true' in once.stdout
    exporter = [*command, "--place", "fra", "--http", f"{HOST}:{http}"]
    with subprocess.Popen(exporter, stderr=subprocess.PIPE) as process:
        try:
            up = f'dnsfleet_probe_up{{address="{HOST}:{rig.fleet.edge.port}",pop="fra"'
            wait_for("the first round", lambda: up in page(http, "/metrics"), 30)
            assert page(http, "/healthz") == "ok\n"
        finally:
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    wrong = subprocess.run([*command, "--http", "nowhere"], capture_output=True, text=True)
    assert wrong.returncode == table.UNKNOWN
    assert "'nowhere' is not HOST:PORT" in wrong.stderr


def page(port: int, path: str) -> str:
    """A page of the exporter; empty until it serves."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
