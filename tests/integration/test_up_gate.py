"""`dnsfleet up --gate`: transfers from a real fleet, while its files change."""

import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import dns.xfr
import pytest
from dnsfleet.secondaries import pages
from dnsfleet.secondaries.answers import Answer, Pair
from dnsfleet.tsig_keys import Target
from support.fleet import Fleet, replace
from support.ports import free_port, free_ports
from support.secondaries import serial, transferred
from support.up_runs import ask, pops, processes_of, up, zone
from support.waiting import wait_for

SECONDS = 15.0
"""A key file is looked at once a second."""
FIRST, SECOND = (
    "Rmlyc3Qgc2VjcmV0IG9mIHRoZSB0ZXN0cy4uLg==",
    "U2Vjb25kIHNlY3JldCBvZiB0aGUgdGVzdHMuLi4=",
)
ONE = "one.example."


def key(name: str, secret: str, zones: str = ONE) -> str:
    return f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: {name}}}
spec: {{secretRef: {{name: {name}}}, zones: [{zones}], for: [transfer]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: {name}}}
stringData: {{secret: "{secret}"}}
"""


UPDATES = "updates"
UPDATE_KEY = f"""\
apiVersion: dnsfleet.io/v1alpha1
kind: TsigKey
metadata: {{name: {UPDATES}}}
spec: {{secretRef: {{name: {UPDATES}}}, zones: [{ONE}], for: [update]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: {UPDATES}}}
stringData: {{secret: "{SECOND}"}}
"""


def tsig(name: str, secret: str) -> dns.tsig.Key:
    return dns.tsig.Key(f"{name}.", secret)


class Gated:
    """A fleet with two zones and a gate."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir()
        (self.files / "pops.yaml").write_text(pops("fra"))
        (self.files / "two.yaml").write_text(zone("two", "192.0.2.2"))
        self.state = folder / "state"
        self.port = free_port()
        self.serve("192.0.2.1")
        self.keys(key("a", FIRST))
        self.fleet = Fleet(self.files, self.state, 1, "--gate", str(self.port))

    def serve(self, address: str) -> None:
        """The address of www in the first zone."""
        replace(self.files / "one.yaml", zone("one", address))

    def keys(self, *found: str) -> None:
        replace(self.files / "keys.yaml", "---\n".join(found))

    def address(self, host: str = "127.0.0.1") -> str:
        held = transferred(self.port, tsig("a", FIRST), ONE, host)
        return str(held.find_rdataset("www.one.example.", "A")[0])

    def takes(self, name: str, secret: str, origin: str = ONE) -> bool:
        return serial(self.port, tsig(name, secret), origin) is not None

    def change(self, text: str | None) -> str:
        """Have this TXT at a name, or none; the code of the reply."""
        used = tsig(UPDATES, SECOND)
        message = dns.update.UpdateMessage(ONE, keyring={used.name: used}, keyname=used.name)
        message.delete("new")
        if text is not None:
            message.add("new", 60, "TXT", text)
        try:
            reply = dns.query.udp(message, "127.0.0.1", 3, self.port)
        except (dns.exception.Timeout, OSError, dns.tsig.PeerBadKey) as error:
            return type(error).__name__
        return dns.rcode.to_text(reply.rcode())

    def restart(self) -> None:
        """Kill the gate; `up` starts another one."""
        position = len(self.fleet.events)
        os.kill(self.fleet.pid("gate"), signal.SIGKILL)
        self.fleet.wait("started", 20, lambda e: e["process"] == "gate", after=position)


@pytest.fixture(scope="module", name="gated")
def _gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    gated = Gated(tmp_path_factory.mktemp("gated"))
    with gated.fleet:
        told = gated.fleet.wait("transferring", 60)
        assert told["addresses"] == [f"127.0.0.1:{gated.port}", f"[::1]:{gated.port}"]
        yield gated
    assert processes_of(gated.state) == []


def test_a_zone_is_transferred_over_both_families(gated: Gated) -> None:
    assert gated.address() == gated.address("::1") == "192.0.2.1"


def test_the_next_transfer_has_a_change(gated: Gated) -> None:
    gated.serve("192.0.2.9")
    wait_for("the change", lambda: gated.address() == "192.0.2.9", SECONDS)
    gated.serve("192.0.2.1")
    wait_for("the change back", lambda: gated.address() == "192.0.2.1", SECONDS)


def test_who_has_no_key_of_the_zone_is_refused(gated: Gated) -> None:
    assert not gated.takes("a", FIRST, "two.example.")
    with pytest.raises(dns.xfr.TransferError) as caught:
        transferred(gated.port, None, ONE)
    assert caught.value.rcode == dns.rcode.REFUSED


def test_keys_are_rotated_while_it_runs(gated: Gated) -> None:
    gated.keys(key("a", FIRST), key("b", SECOND, '"*"'))
    wait_for("the new key", lambda: gated.takes("b", SECOND), SECONDS)
    assert gated.takes("a", FIRST)
    assert gated.takes("b", SECOND, "two.example.")
    gated.keys(key("b", SECOND))
    wait_for("the end of the old key", lambda: not gated.takes("a", FIRST), SECONDS)
    gated.keys(key("a", FIRST))
    wait_for("the first key", lambda: gated.takes("a", FIRST), SECONDS)


def test_a_key_that_breaks_stays_and_is_told(gated: Gated) -> None:
    position = len(gated.fleet.events)
    gated.keys(key("a", "wrong!"), key("b", SECOND))
    told = gated.fleet.wait("rejected", SECONDS, after=position)
    assert told["where"] == f"{gated.files}/keys.yaml:4: spec.secretRef"
    assert told["reason"] == "BadSecret" and "wrong!" not in str(told)
    wait_for("the other key", lambda: gated.takes("b", SECOND), SECONDS)
    assert gated.takes("a", FIRST)
    gated.keys(key("a", FIRST))
    wait_for("the end of the other key", lambda: not gated.takes("b", SECOND), SECONDS)


def test_a_gate_that_dies_is_started_again(gated: Gated) -> None:
    gated.restart()
    wait_for("an answer", lambda: gated.takes("a", FIRST), 30)
    assert gated.address() == "192.0.2.1"


def test_it_needs_nothing_of_the_fleet_to_transfer(gated: Gated) -> None:
    stopped = [gated.fleet.pid(each) for each in ("core", "gate/replica")]
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        assert gated.address() == "192.0.2.1"
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    gated.serve("192.0.2.8")
    wait_for("the next change", lambda: gated.address() == "192.0.2.8", 30)
    gated.serve("192.0.2.1")
    wait_for("the change back", lambda: gated.address() == "192.0.2.1", SECONDS)


def test_what_it_goes_by_is_private(gated: Gated) -> None:
    folder = gated.state / "gate"
    for path in (folder, folder / "tsig-keys.json", gated.state / "accepted.db"):
        assert path.stat().st_mode & 0o077 == 0
    logs = "".join(log.read_text() for log in (gated.state / "logs").glob("*.log"))
    assert FIRST not in logs and SECOND not in logs


def test_a_port_that_is_taken_is_told(gated: Gated, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "all.yaml").write_text(zone("one", "192.0.2.1") + "---\n" + pops("fra"))
    result = up(files, tmp_path / "state", free_port(), "--gate", str(gated.port))
    assert result.returncode == 2
    assert result.stderr == (
        f"dnsfleet: port {gated.port} on 127.0.0.1 is in use; stop what answers there, or choose "
        "other ports with --gate\n"
    )


def test_no_pop_takes_the_port_of_the_gate(tmp_path: Path) -> None:
    files, port = tmp_path / "files", free_ports(3)
    files.mkdir()
    (files / "all.yaml").write_text(
        "---\n".join([zone("one", "192.0.2.1"), pops("fra", "ams"), key("a", FIRST)])
    )
    ports = ("--dns-port", str(port), "--gate", str(port + 1))
    with Fleet(files, tmp_path / "state", 2, *ports) as fleet:
        fleet.wait("transferring", 60)
        assert serial(port + 1, tsig("a", FIRST), ONE) is not None
        for pop in (port, port + 2):
            wait_for(
                "its answer",
                lambda pop=pop: ask(("127.0.0.1", pop), "www.one.example.") == ["192.0.2.1"],
                SECONDS,
            )


def test_updates_are_published_and_outlive_the_gate(gated: Gated) -> None:
    gated.keys(key("a", FIRST), UPDATE_KEY)
    wait_for("an update is taken", lambda: gated.change("first") == "NOERROR", SECONDS)

    def texts() -> list[str]:
        found = transferred(gated.port, tsig("a", FIRST), ONE).get_rdataset(
            "new.one.example.", "TXT"
        )
        return [] if found is None else [each.to_text() for each in found]

    assert texts() == ['"first"']
    gated.restart()
    wait_for("another gate takes one", lambda: gated.change("second") == "NOERROR", SECONDS)
    assert texts() == ['"second"']
    (kept,) = (gated.state / "updates").iterdir()
    assert "second" in kept.read_text()
    wait_for("it can go", lambda: gated.change(None) == "NOERROR", SECONDS)
    assert texts() == []
    gated.keys(key("a", FIRST))


def test_it_tells_which_serial_a_secondary_has(gated: Gated) -> None:
    # The gate answers the SOA to whoever has a key, so it can be its own secondary.
    secondary = f"secondaries: [{{address: 127.0.0.1, port: {gated.port}}}]"
    gated.keys(key("a", FIRST).replace("for:", f"{secondary}, for:"))
    host, port = json.loads((gated.state / "gate" / "gate.json").read_text())["http"]

    def told() -> dict[Pair, Answer]:
        with urllib.request.urlopen(f"http://{host}:{port}/secondaries", timeout=5) as reply:
            return pages.decode(reply.read()).answers

    found = wait_for("an answer", told, SECONDS)
    has = serial(gated.port, tsig("a", FIRST), ONE)
    assert has and found == {Pair(ONE, Target("127.0.0.1", gated.port)): Answer("serial", has)}
