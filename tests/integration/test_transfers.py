"""Zones from primaries that work, that fail in every way, and that come back.

The primaries are scripted; real ones are in tests/conformance/test_primaries.py.
"""

import queue
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.tsig
import pytest
from dnsfleet.resources import Reference, Zone
from dnsfleet.tsig_keys import Target
from dnsfleet.zones import master_files
from dnsfleet_engine import Zone as EngineZone
from dnsfleet_publisher.store_errors import StoreError
from dnsfleet_publisher.transferring import connections, primaries, schedules
from dnsfleet_publisher.transferring.receiving import TransferFault
from dnsfleet_publisher.transferring.transfers import Transfers
from dnsfleet_publisher.transferring.turns import Silences
from dnsfleet_publisher.zone_sources import SourceError
from support import yaml_resources
from support.scripted_primaries import (
    NS,
    ORIGIN,
    SECONDS,
    Primary,
    Step,
    authoritative,
    host,
    key,
    serving,
    soa,
    tsig,
)
from support.transfer_servers import Replies, framed
from support.waiting import wait_for


def zone_object(*targets: Target, origin: str = ORIGIN, name: str = "one") -> Zone:
    rows = ", ".join(f"{{address: '{each.address}', port: {each.port}}}" for each in targets)
    source = f"{{transfer: {{primaries: [{rows}], tsigKey: {{name: k}}}}}}"
    spec = f"{{origin: {origin}, nameServers: null, soa: null, source: {source}}}"
    return yaml_resources.zone(spec, name=name)


class Followed:
    """What a writer sees of the primaries of one zone."""

    def __init__(self, *targets: Target) -> None:
        self.zone = zone_object(*targets)
        self.ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        self.live: EngineZone | None = None
        self.keys = {"k": key(*targets)}
        self.transfers = Transfers(lambda: self.keys, self.ready.put, lambda _: self.live)

    def read(self) -> EngineZone:
        text = self.transfers.read(self.zone)
        zone, found = master_files.read(text.text, text.name, ORIGIN)
        assert zone is not None, found
        return zone

    def why_not(self) -> tuple[str, str]:
        with pytest.raises(SourceError) as raised:
            self.transfers.read(self.zone)
        reason, message, _ = raised.value.violation
        return reason, message

    def news(self) -> None:
        """Wait until there is some."""
        assert self.ready.get(timeout=SECONDS) == self.zone.reference

    def first(self) -> EngineZone:
        assert self.why_not() == ("TransferPending", "the primaries are being asked")
        self.news()
        return self.read()

    def failed(self) -> str:
        assert self.why_not()[0] == "TransferPending"
        self.news()
        reason, message = self.why_not()
        assert reason == "TransferFailed"
        return message

    @property
    def standing(self) -> tuple[str, str]:
        found = self.transfers.standing(self.zone.reference)
        assert found is not None
        return found.reason, found.message

    def ask(self) -> None:
        """Have the primaries be asked now, as when the time has come, and wait for the end."""
        self.end_round()
        job = self.transfers._jobs[self.zone.reference]
        self.transfers._silences = Silences()
        with self.transfers._changed:
            job.due = 0.0
            self.transfers._changed.notify()
        wait_for("the primaries are asked", lambda: job.due != 0.0, SECONDS)
        self.end_round()

    def end_round(self) -> None:
        """Wait until all primaries were asked."""
        job = self.transfers._jobs[self.zone.reference]
        wait_for("the end of the round", lambda: job.due != float("inf"), SECONDS)


@pytest.fixture(name="primary")
def _primary() -> Iterator[Primary]:
    with serving(Primary()) as found:
        yield found


@pytest.fixture(name="followed")
def _followed(primary: Primary) -> Iterator[Followed]:
    found = Followed(primary.target)
    yield found
    found.transfers.close()


def test_a_core_that_does_not_say_what_is_published_is_asked_again(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first version must not be older than that."""

    def away(_: str) -> EngineZone | None:
        raise StoreError("core: Connection refused")

    monkeypatch.setattr(schedules, "MIN_SECONDS", 0.1)
    monkeypatch.setattr(followed.transfers, "live", away)
    followed.why_not()
    for _ in range(3):
        followed.news()
        assert not followed.transfers.unchanged(followed.zone.reference)
        assert followed.why_not() == ("StoreUnavailable", "core: Connection refused")
    monkeypatch.undo()
    followed.news()
    assert followed.read().serial == 1
    assert followed.transfers.unchanged(followed.zone.reference)


def test_the_zone_comes_and_is_followed(primary: Primary, followed: Followed) -> None:
    zone = followed.first()
    assert (zone.serial, zone.records) == (1, 3)
    assert followed.transfers.unchanged(followed.zone.reference)
    followed.ask()
    assert followed.transfers.unchanged(followed.zone.reference)
    primary.set(2, 1, 2)
    followed.ask()
    followed.news()
    assert not followed.transfers.unchanged(followed.zone.reference)
    assert (followed.read().serial, followed.read().records) == (2, 4)
    assert primary.asked == ["SOA", "AXFR", "SOA", "SOA", "IXFR"]
    standing = followed.transfers.standing(followed.zone.reference)
    assert standing is not None and standing.due is not None and standing.refreshed is not None
    assert (standing.serial, standing.primary) == (2, f"127.0.0.1:{primary.port}")
    assert 7199 < standing.due - standing.refreshed < 7201


def test_changes_are_applied(primary: Primary, followed: Followed) -> None:
    followed.first()
    primary.set(3, 2)
    primary.changes = [soa(3), soa(1), soa(2), host(2), soa(2), host(1), soa(3), soa(3)]
    followed.ask()
    zone = followed.read()
    assert (zone.serial, zone.owners("A")) == (3, [f"h2.{ORIGIN}"])
    assert primary.asked == ["SOA", "AXFR", "SOA", "IXFR"]


@pytest.mark.parametrize(
    "changes",
    [
        [soa(2), soa(1), host(9), soa(2), soa(2)],
        [soa(2), soa(1), soa(2), host(1), soa(2)],
        [soa(2), soa(0), soa(2), host(2), soa(2)],
        [soa(1)],
    ],
    ids=["what is not there goes", "what is there comes", "another base", "nothing new"],
)
def test_changes_that_do_not_fit_are_no_loss(
    changes: list[str], primary: Primary, followed: Followed
) -> None:
    followed.first()
    primary.set(2, 1, 2)
    primary.changes = changes
    followed.ask()
    assert followed.read().records == 4
    assert primary.asked[-2:] == ["IXFR", "AXFR"]


def test_a_serial_that_goes_back_is_not_followed(primary: Primary, followed: Followed) -> None:
    primary.set(5, 1)
    followed.first()
    primary.set(4, 2)
    followed.ask()
    reason, message = followed.standing
    assert reason == "Retrying" and "its serial 4 is not above 5, which came before" in message
    assert followed.read().serial == 5
    primary.set(6, 2)
    followed.ask()
    assert followed.standing == ("Current", "")
    assert followed.read().serial == 6


def test_what_is_published_is_not_replaced_by_what_is_older(
    primary: Primary, followed: Followed
) -> None:
    rows = [soa(9), NS]
    followed.live, _ = master_files.read("\n".join(rows).encode(), "live", ORIGIN)
    assert followed.why_not()[0] == "TransferPending"
    followed.news()
    reason, message = followed.why_not()
    assert (
        reason == "SerialNotHigher" and "its serial 1 is not above 9, which is published" in message
    )
    primary.set(10, 1)
    followed.ask()
    assert followed.read().serial == 10


def test_a_primary_that_is_behind_what_is_published_does_not_hide_one_that_is_not(
    primary: Primary,
) -> None:
    rows = [soa(9), NS]
    primary.set(8, 1)
    with serving(Primary()) as newer:
        newer.set(10, 2)
        followed = Followed(primary.target, newer.target)
        followed.live, _ = master_files.read("\n".join(rows).encode(), "live", ORIGIN)

        def is_there() -> bool:
            try:
                return followed.read().serial == 10
            except SourceError:
                return False

        wait_for("the newer one", is_there, SECONDS)
        followed.transfers.close()


def test_a_primary_that_has_nothing_new_does_not_hide_one_that_has(primary: Primary) -> None:
    with serving(Primary()) as newer:
        followed = Followed(primary.target, newer.target)
        followed.first()
        followed.end_round()
        newer.set(2, 1, 2)
        followed.ask()
        assert followed.read().serial == 2
        reason, message = followed.standing
        assert reason == "Current" and not message
        followed.ask()
        assert newer.asked.count("SOA") == 3
        reason, message = followed.standing
        assert reason == "Current"
        assert message.startswith(f"127.0.0.1:{primary.port}: its serial 1 is not above 2")
        followed.transfers.close()


def breaks_off(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    if replies.query.question[0].rdtype == dns.rdatatype.SOA:
        send(framed(replies.message(primary.soa, change=authoritative)))
    else:
        send(framed(replies.message(primary.soa, NS)))


def stands_still(_: Primary, __: Replies, ___: Callable[[bytes], object]) -> None:
    time.sleep(1.0)


def garbage(_: Primary, __: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(b"\xff" * 100))


def not_signed(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(replies.message(primary.soa, signed=False, change=authoritative)))


def signed_otherwise(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    def change(reply: dns.message.Message) -> None:
        authoritative(reply)
        reply.use_tsig(tsig(b"another secret of as many octets"))

    send(framed(replies.message(primary.soa, change=change)))


def bad_key(_: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(replies.message(rcode=dns.rcode.NOTAUTH, tsig_error=17)))


def refuses(_: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(replies.message(rcode=dns.rcode.REFUSED)))


def without_authority(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    send(framed(replies.message(primary.soa)))


def too_large(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    if replies.query.question[0].rdtype == dns.rdatatype.SOA:
        send(framed(replies.message(primary.soa, change=authoritative)))
        return
    send(framed(replies.message(primary.soa, NS)))
    text = "x" * 255  # few messages, as each takes a while to be signed
    while True:
        send(framed(replies.message(*(f't{n}.{ORIGIN} 60 TXT "{text}"' for n in range(200)))))


FAULTS: dict[str, tuple[Step, str]] = {
    "breaks off": (breaks_off, "it broke off after 2 records: the server closed the connection"),
    "stands still": (stands_still, "nothing more came after 0 records within 0.5 seconds"),
    "garbage": (garbage, "a message of the server is not well-formed, after 0 records"),
    "not signed": (not_signed, "the server does not sign what it sends"),
    "another secret": (signed_otherwise, "the server has another secret for k hmac-sha256"),
    "an unknown key": (bad_key, "the server does not know the key k hmac-sha256 (BADKEY)"),
    "refuses": (refuses, "refused; allow it there for this address and for the key k hmac"),
    "no authority": (without_authority, "has no authority for the zone, or it expired there"),
    "too large": (too_large, "more than 100000 octets; no zone may have so many"),
}
every_fault = pytest.mark.parametrize(("step", "told"), FAULTS.values(), ids=FAULTS)


@pytest.fixture(autouse=True)
def _limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.5)
    monkeypatch.setattr(primaries, "MAX_OCTETS", 100_000)
    monkeypatch.setattr(primaries, "MAX_CHANGES", 100_000)


def test_changes_that_take_all_the_time_leave_none_for_the_whole_zone(
    primary: Primary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trickles(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
        send(framed(replies.message(soa(2), soa(1), soa(2))))
        for number in range(1, 100):
            time.sleep(0.1)
            send(framed(replies.message(host(number))))

    one, _ = primaries.fetch(ORIGIN, primary.target, key(primary.target), None)
    monkeypatch.setattr(primaries, "TRANSFER_SECONDS", 1.0)
    primary.step, primary.asked = trickles, []
    with pytest.raises(TransferFault, match="the transfer does not end within"):
        primaries.fetch(ORIGIN, primary.target, key(primary.target), one)
    assert primary.asked == ["IXFR"]


@every_fault
def test_what_a_primary_does_wrong_is_told(
    step: Step, told: str, primary: Primary, followed: Followed
) -> None:
    primary.step = step
    message = followed.failed()
    assert message.startswith(f"127.0.0.1:{primary.port}: ") and told in message
    primary.step = None
    followed.ask()
    assert followed.read().serial == 1


@every_fault
def test_what_came_before_stays_and_another_primary_is_asked(
    step: Step, told: str, primary: Primary
) -> None:
    with serving(Primary()) as other:
        followed = Followed(primary.target, other.target)
        try:
            followed.first()
            primary.step, primary.serial, other.serial = step, 2, 1
            followed.ask()
            reason, message = followed.standing
            assert reason == "Current" and told in message
            other.set(3, 1, 2)
            followed.ask()
            assert followed.read().serial == 3
            standing = followed.transfers.standing(followed.zone.reference)
            assert standing is not None and standing.primary == f"127.0.0.1:{other.port}"
        finally:
            followed.transfers.close()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    followed = Followed(Target("127.0.0.1", port))
    try:
        assert "no connection: Connection refused" in followed.failed()
    finally:
        followed.transfers.close()


def test_an_expired_zone_stays(
    primary: Primary, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "MIN_SECONDS", 0.1)
    primary.refresh, primary.expire = 0, 1
    followed.first()
    primary.step = refuses
    wait_for("it is told", lambda: followed.standing[0] == "Retrying", SECONDS)
    wait_for("it expires", lambda: followed.standing[0] == "Expired", SECONDS)
    assert followed.read().serial == 1
    primary.step = None
    primary.set(2, 1)
    wait_for("it is back", lambda: followed.standing == ("Current", ""), SECONDS)
    assert followed.read().serial == 2


def waits(_: Primary, __: Replies, ___: Callable[[bytes], object]) -> None:
    LEFT.wait(2 * SECONDS)


def waits_in_transfers(primary: Primary, replies: Replies, send: Callable[[bytes], object]) -> None:
    if replies.query.question[0].rdtype == dns.rdatatype.SOA:
        send(
            framed(
                replies.message(
                    soa(1, origin=str(replies.query.question[0].name)), change=authoritative
                )
            )
        )
    else:
        waits(primary, replies, send)


LEFT = threading.Event()


@pytest.mark.parametrize("step", [waits, waits_in_transfers])
def test_a_primary_that_stands_still_takes_nothing_from_the_zones_of_another(
    step: Step, primary: Primary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 2 * SECONDS)
    LEFT.clear()
    with serving(Primary("127.0.0.2")) as still:
        still.step = step
        keys = {"k": key(primary.target, still.target)}
        ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        transfers = Transfers(lambda: keys, ready.put)
        try:
            for number in range(40):
                other = zone_object(still.target, origin=f"z{number}.example.", name=f"z{number}")
                with pytest.raises(SourceError):
                    transfers.read(other)
            wait_for("it is asked", lambda: len(still.asked) >= 2, SECONDS)
            one = zone_object(primary.target)
            with pytest.raises(SourceError):
                transfers.read(one)
            assert ready.get(timeout=SECONDS) == one.reference
            assert transfers.read(one).text
        finally:
            LEFT.set()
            transfers.close()


def test_zones_of_a_silent_primary_do_not_wait_for_it_one_after_the_other(
    primary: Primary,
) -> None:
    """Each of them has another primary, and the silent one is asked first."""
    with serving(Primary("127.0.0.2")) as silent:
        silent.step = stands_still
        keys = {"k": key(primary.target, silent.target)}
        ready: queue.SimpleQueue[Reference] = queue.SimpleQueue()
        transfers = Transfers(lambda: keys, ready.put)
        zones = {
            each.reference: each
            for each in (
                zone_object(silent.target, primary.target, name=f"z{n}") for n in range(60)
            )
        }
        for each in zones.values():
            with pytest.raises(SourceError):
                transfers.read(each)
        for _ in zones:
            assert transfers.read(zones[ready.get(timeout=SECONDS)]).text
        assert len(silent.asked) < 8
        transfers.close()


def test_a_zone_that_waits_for_its_turn_expires(
    primary: Primary, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "MIN_SECONDS", 0.1)
    monkeypatch.setattr(connections, "SILENT_SECONDS", 2 * SECONDS)
    LEFT.clear()
    primary.refresh, primary.expire = 2, 1
    followed.first()
    primary.step = waits
    try:
        for number in range(10):
            other = zone_object(primary.target, origin=f"z{number}.example.", name=f"z{number}")
            with pytest.raises(SourceError):
                followed.transfers.read(other)
        wait_for("it expires", lambda: followed.standing[0] == "Expired", SECONDS)
        assert "others have their turn before it" in followed.standing[1]
        followed.news()
        assert followed.read().serial == 1
    finally:
        LEFT.set()
    primary.step = None
    wait_for("it is back", lambda: followed.standing == ("Current", ""), SECONDS)


def test_attempts_are_counted_by_their_outcome(primary: Primary) -> None:
    counted: Counter[str] = Counter()
    with serving(Primary()) as other:
        other.step = refuses
        followed = Followed(primary.target, other.target)
        followed.transfers = Transfers(
            lambda: followed.keys, followed.ready.put, asked=lambda how: counted.update([how])
        )
        followed.first()
        followed.ask()
        primary.set(2, 1, 2)
        followed.ask()
        followed.transfers.close()
    assert counted == {"axfr": 2, "unchanged": 1, "error": 3}


def test_a_key_that_comes_later_or_is_for_others(primary: Primary, followed: Followed) -> None:
    followed.keys = {}
    assert "there is no usable TsigKey k with `primary` in its spec.for" in followed.failed()
    followed.keys = {"k": key()}
    followed.transfers.hasten()
    followed.news()
    assert "it has no public address; name it in spec.primaries" in followed.why_not()[1]
    assert not primary.asked
    followed.keys = {"k": key(primary.target, zones=frozenset({"two.example."}))}
    followed.transfers.hasten()
    followed.news()
    assert "is not for one.example." in followed.why_not()[1]
    assert not primary.asked
    followed.keys = {"k": key(primary.target, zones=frozenset({ORIGIN}))}
    followed.transfers.hasten()
    followed.news()
    assert followed.read().serial == 1


def test_other_primaries_of_a_zone_do_not_lose_it(primary: Primary, followed: Followed) -> None:
    followed.first()
    with serving(Primary()) as other:
        other.set(2, 1, 2)
        followed.keys = {"k": key(other.target)}
        followed.zone = zone_object(other.target)
        assert followed.read().serial == 1
        followed.news()
        assert followed.read().serial == 2
    assert other.asked == ["SOA", "IXFR"]


def test_a_zone_that_is_dropped_is_asked_for_no_more(primary: Primary, followed: Followed) -> None:
    followed.first()
    followed.transfers.drop(followed.zone.reference)
    assert followed.transfers.standing(followed.zone.reference) is None
    assert followed.transfers.unchanged(followed.zone.reference)
