"""`dnsfleet up` end to end: real processes, from objects in files to answers at three Pops."""

import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.exception
import dns.message
import dns.query
import pytest
from support.fleet import Event, Fleet, replace
from support.ports import free_ports
from support.presigned_zones import signed_text
from support.up_runs import (
    LIVE_SECONDS,
    POP,
    ask,
    one_zone_at_one_pop,
    pops,
    processes_of,
    up,
    zone,
)
from support.waiting import wait_for
from support.zones import make_zone

POPS = ("fra", "iad", "sin")

FILE_ZONE = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: filed}
spec: {origin: filed.example, zoneFile: {path: zones/filed.zone}}
"""
RECORD_SET = """\
apiVersion: dnsfleet.io/v1alpha1
kind: RecordSet
metadata: {name: team}
spec:
  zoneRef: {name: filed}
  records:
    - {name: team, type: A, data: [ADDRESS]}
"""
MASTER = """\
$TTL 300
@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300
@ NS ns1.example.net.
www A 192.0.2.1
"""


def record_set(address: str) -> str:
    return RECORD_SET.replace("ADDRESS", address)


class Running:
    """A fleet, the folder of its files, and the answers of its servers."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "manifests"
        self.state = root / "state"
        (self.folder / "zones").mkdir(parents=True)
        self.write("pops.yaml", pops(*POPS))
        self.write("one.yaml", zone("one", "192.0.2.1"))
        self.write("filed.yaml", FILE_ZONE)
        self.write("team.yaml", record_set("192.0.2.7"))
        self.write("zones/filed.zone", MASTER)
        self.fleet = Fleet(self.folder, self.state, len(POPS))

    def write(self, name: str, text: str) -> int:
        """Put a file in place; the position in the events of what comes after."""
        position = len(self.fleet.events) if hasattr(self, "fleet") else 0
        replace(self.folder / name, text)
        return position

    def answers(self, name: str) -> list[list[str] | None]:
        return [ask(server, name) for server in self.fleet.servers]

    def live(self, name: str, *addresses: str) -> None:
        """Wait until every Pop answers these addresses."""
        wanted = [sorted(addresses) or None] * len(POPS)
        wait_for(f"{name} at {addresses}", lambda: self.answers(name) == wanted, LIVE_SECONDS)

    def wait(self, kind: str, after: int, **fields: object) -> Event:
        def matches(event: Event) -> bool:
            return all(event[name] == value for name, value in fields.items())

        return self.fleet.wait(kind, LIVE_SECONDS, matches, after)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = Running(tmp_path_factory.mktemp("up"))
    with running.fleet:
        running.fleet.wait("ready", 60)
        yield running


def test_three_pops_answer_over_udp_and_tcp_and_both_families(running: Running) -> None:
    ready = running.fleet.wait("ready", 1)
    assert [row["pop"] for row in ready["pops"]] == list(POPS)
    assert [(row["zones"], row["ready"]) for row in ready["pops"]] == [(2, True)] * 3
    assert ready["zones"] == ["filed.example.", "one.example."]
    for row in ready["pops"]:
        assert len(row["addresses"]) == (2 if socket.has_ipv6 else 1)
        for address in row["addresses"]:
            host, _, port = address.rpartition(":")
            server = (host.strip("[]"), int(port))
            for tcp in (False, True):
                assert ask(server, "www.one.example", tcp) == ["192.0.2.1"]
                assert ask(server, "team.filed.example", tcp) == ["192.0.2.7"]


def test_a_cookie_of_one_pop_is_good_at_every_pop(running: Running) -> None:
    def cookie(server: tuple[str, int], known: bytes) -> bytes:
        option = dns.edns.CookieOption(b"01234567", known)
        query = dns.message.make_query("www.one.example", "A", use_edns=0, options=[option])
        (answered,) = dns.query.udp(query, server[0], LIVE_SECONDS, server[1]).options
        assert isinstance(answered, dns.edns.CookieOption)
        return answered.server

    first, *others = running.fleet.servers
    known = cookie(first, b"")
    assert [cookie(server, known) for server in others] == [known] * len(others)


def test_an_edge_starts_anew_when_its_pop_says_something_else_about_it(running: Running) -> None:
    def identity(server: tuple[str, int]) -> str | None:
        query = dns.message.make_query("id.server", "TXT", "CH")
        try:
            reply = dns.query.udp(query, server[0], 1, server[1])
        except (dns.exception.Timeout, OSError):
            return "no reply"
        return reply.answer[0][0].strings[0].decode() if reply.answer else None

    assert [identity(server) for server in running.fleet.servers] == [None] * 3
    told = pops(*POPS).replace("{name: iad}", "{name: iad}\nspec: {edge: {identity: Edge}}")
    running.write("pops.yaml", told)
    servers = running.fleet.servers
    wait_for("an identity", lambda: identity(servers[1]) == "0.iad", LIVE_SECONDS)
    assert [identity(servers[0]), identity(servers[2])] == [None, None]
    running.live("www.one.example", "192.0.2.1")
    running.write("pops.yaml", pops(*POPS))
    wait_for("none any more", lambda: identity(servers[1]) is None, LIVE_SECONDS)


def test_a_change_is_told_when_every_pop_answers_it(running: Running) -> None:
    before = running.write("one.yaml", zone("one", "192.0.2.2"))
    told = running.wait("propagated", before, zone="one.example.")
    assert running.answers("www.one.example") == [["192.0.2.2"]] * 3
    assert told["pops"] == 3
    published = running.wait("published", before, zone="one.example.")
    assert (published["serial"], published["revision"]) == (told["serial"], told["revision"])


def test_a_zone_file_and_a_record_set_change_without_each_other(running: Running) -> None:
    running.write("zones/filed.zone", MASTER.replace("192.0.2.1", "192.0.2.3"))
    running.live("www.filed.example", "192.0.2.3")
    running.write("team.yaml", record_set("192.0.2.8"))
    running.live("team.filed.example", "192.0.2.8")
    assert running.answers("www.filed.example") == [["192.0.2.3"]] * 3


def test_a_bad_document_is_refused_and_the_others_go_on(running: Running) -> None:
    bad = zone("one", "127.0.0.300")
    before = running.write("one.yaml", bad + "---\n" + zone("two", "192.0.2.20"))
    told = running.wait("rejected", before)
    path = running.folder / "one.yaml"
    assert told == {
        "event": "rejected",
        "where": f"{path}:8: spec.records[0].data[0]",
        "message": 'A rdata "127.0.0.300": not an IPv4 address',
        "reason": "BadRdata",
    }
    running.live("www.two.example", "192.0.2.20")
    assert running.answers("www.one.example") == [["192.0.2.2"]] * 3
    before = running.write("one.yaml", "kind: [\n---\n" + zone("two", "192.0.2.21"))
    assert running.wait("rejected", before)["where"].startswith(f"{path}:")
    running.live("www.two.example", "192.0.2.21")
    assert running.answers("www.one.example") == [["192.0.2.2"]] * 3
    running.write("one.yaml", zone("one", "192.0.2.4") + "---\n" + zone("two", "192.0.2.21"))
    running.live("www.one.example", "192.0.2.4")


def test_a_bad_record_set_keeps_its_last_good_version(running: Running) -> None:
    running.write("team.yaml", record_set("192.0.2.9"))
    running.live("team.filed.example", "192.0.2.9")
    before = running.write("team.yaml", record_set("127.0.0.300"))
    assert running.wait("rejected", before)["reason"] == "BadRdata"
    before = running.write("zones/filed.zone", MASTER.replace("192.0.2.1", "192.0.2.5"))
    running.live("www.filed.example", "192.0.2.5")
    assert running.answers("team.filed.example") == [["192.0.2.9"]] * 3


def test_a_file_that_vanishes_takes_nothing_away(running: Running) -> None:
    before = running.write("gone.yaml", zone("gone", "192.0.2.30"))
    running.live("www.gone.example", "192.0.2.30")
    (running.folder / "gone.yaml").unlink()
    told = running.wait("warned", before, reason="SourceMissing")
    assert told["message"].startswith("Zone default/gone is kept: its file is not here")
    assert running.answers("www.gone.example") == [["192.0.2.30"]] * 3


def test_a_zone_taken_out_of_its_file_is_removed(running: Running) -> None:
    before = running.write("left.yaml", zone("left", "192.0.2.40"))
    running.live("www.left.example", "192.0.2.40")
    running.write("left.yaml", "# retired\n")
    told = running.wait("removed", before, zone="left.example.")
    assert told["pops"] == 3
    assert running.answers("www.left.example") == [None] * 3


def test_a_change_that_removes_most_of_a_zone_is_held(running: Running) -> None:
    records = "".join(f"    - {{name: h{i}, type: A, data: [192.0.2.9]}}\n" for i in range(30))
    before = running.write("held.yaml", zone("held", "192.0.2.50") + records)
    running.live("h7.held.example", "192.0.2.9")
    running.write("held.yaml", zone("held", "192.0.2.50"))
    told = running.wait("held", before, zone="held.example.")
    assert running.answers("h7.held.example") == [["192.0.2.9"]] * 3
    plan = told["message"].rpartition(" ")[2]
    approval = f'{{name: held, annotations: {{dnsfleet.io/approve: "{plan}"}}}}'
    running.write("held.yaml", zone("held", "192.0.2.50").replace("{name: held}", approval))
    running.live("h7.held.example")


def test_a_signed_zone_keeps_its_serial_and_takes_no_record_set(running: Running) -> None:
    def signed(address: str, serial: int) -> str:
        return signed_text(make_zone("signed.example.", [("www", "A", address)], serial))

    running.write("zones/signed.zone", signed("192.0.2.60", 7))
    before = running.write("signed.yaml", FILE_ZONE.replace("filed", "signed"))
    assert running.wait("propagated", before, zone="signed.example.")["serial"] == 7
    before = running.write("zones/signed.zone", signed("192.0.2.61", 7))
    held = running.wait("held", before, zone="signed.example.")
    assert "signed with serial 7, and other content is published with serial 7" in held["message"]
    assert running.answers("www.signed.example") == [["192.0.2.60"]] * 3
    before = running.write("zones/signed.zone", signed("192.0.2.61", 8))
    assert running.wait("propagated", before, zone="signed.example.")["serial"] == 8
    assert running.answers("www.signed.example") == [["192.0.2.61"]] * 3
    team = record_set("192.0.2.7").replace("filed", "signed").replace("name: team", "name: more", 1)
    before = running.write("more.yaml", team)
    assert running.wait("rejected", before)["reason"] == "SignedZone"
    assert running.answers("team.signed.example") == [None] * 3


def test_a_drained_pop_stops_and_comes_back_where_it_was(running: Running) -> None:
    drained = POP.replace("NAME", "iad") + "spec: {state: Drained}\n"
    running.write("pops.yaml", "---\n".join([pops("fra"), drained, pops("sin")]))
    wait_for("five processes", lambda: len(processes_of(running.state)) == 5, LIVE_SECONDS)
    before = running.write("one.yaml", zone("one", "192.0.2.60"))
    assert running.wait("propagated", before, zone="one.example.")["pops"] == 2
    running.write("pops.yaml", pops(*POPS))
    wait_for("iad", lambda: quiet_answers(running) == [["192.0.2.60"]] * 3, LIVE_SECONDS)


def test_a_last_pop_whose_document_is_gone_runs_on_until_its_document_stops_it(
    running: Running,
) -> None:
    running.write("one.yaml", zone("one", "192.0.2.61"))
    running.live("www.one.example", "192.0.2.61")
    before = running.write("pops.yaml", "# nothing\n")
    told = running.wait("warned", before, where="Pop fra")
    assert "no other Pop answers for filed.example." in told["message"]
    wait_for("three processes", lambda: len(processes_of(running.state)) == 3, LIVE_SECONDS)
    before = running.write("one.yaml", zone("one", "192.0.2.62"))
    assert running.wait("propagated", before, zone="one.example.")["pops"] == 1
    assert ask(running.fleet.servers[0], "www.one.example") == ["192.0.2.62"]

    running.write("pops.yaml", POP.replace("NAME", "fra") + "spec: {state: Drained}\n")
    wait_for("the core alone", lambda: len(processes_of(running.state)) == 1, LIVE_SECONDS)
    running.write("pops.yaml", pops(*POPS))
    wait_for("all", lambda: quiet_answers(running) == [["192.0.2.62"]] * 3, LIVE_SECONDS)


@pytest.mark.parametrize("process", ["core", "replica/iad", "edge/sin"])
def test_a_killed_process_comes_back_and_hears_the_next_change(
    running: Running, process: str
) -> None:
    before = running.fleet.kill(process)
    running.wait("started", before, process=process)
    address = f"192.0.2.{100 + len(process)}"
    running.write("one.yaml", zone("one", address) + "---\n" + zone("two", "192.0.2.21"))
    wait_for("the change", lambda: quiet_answers(running) == [[address]] * 3, LIVE_SECONDS)


def quiet_answers(running: Running) -> list[list[str] | None]:
    """The answers; None from a server that is away."""
    try:
        return running.answers("www.one.example")
    except (OSError, dns.exception.Timeout):
        return []


def test_a_second_fleet_on_the_same_state_refuses(running: Running) -> None:
    result = up(running.folder, running.state, free_ports(3))
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"dnsfleet: a fleet already runs from {running.state} (process "
        f"{running.fleet.process.pid}); stop it, or choose another folder with --state-dir\n"
    )
    assert running.answers("www.two.example") == [["192.0.2.21"]] * 3


def test_a_port_in_use_is_told_and_nothing_is_left_running(
    running: Running, tmp_path: Path
) -> None:
    port = running.fleet.dns_port
    result = up(one_zone_at_one_pop(tmp_path / "manifests"), tmp_path / "state", port)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        f"dnsfleet: port {port} on 127.0.0.1 is in use; stop what answers there, "
        "or choose other ports with --dns-port\n"
    )
    assert processes_of(tmp_path / "state") == []


def test_the_fleet_ends_with_sigint_and_leaves_no_process(running: Running) -> None:
    """The last test with the shared fleet."""
    ours = processes_of(running.state)
    assert len(ours) == 7  # a core, and for each Pop a replica and an edge
    began = time.monotonic()
    running.fleet.process.send_signal(signal.SIGINT)
    assert running.fleet.process.wait(20) == 0
    assert time.monotonic() - began < 5
    assert [pid for pid in ours if Path(f"/proc/{pid}").exists()] == []
    wait_for("stopped", lambda: running.fleet.events[-1] == {"event": "stopped"}, 5)
