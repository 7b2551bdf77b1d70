"""UPDATE messages: the codes of RFC 2136, and the zones that they make."""

import time
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdataset
import dns.rdatatype
import dns.update
import pytest
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType
from dns.update import UpdateMessage
from dnsfleet_gate.updating import changes
from dnsfleet_gate.updating.changes import UpdateError
from dnsfleet_gate.updating.rrsets import Key, Layer

ORIGIN = dns.name.from_text("example.org.")


class _Zone:
    """RRsets that were given."""

    def __init__(self, *lines: str) -> None:
        self.found: dict[Key, Rdataset] = {}
        for each in lines:
            owner, rtype, texts = each.split(" ", 2)
            key = dns.name.from_text(owner, ORIGIN), dns.rdatatype.from_text(rtype)
            self.found[key] = dns.rdataset.from_text("IN", rtype, 300, *texts.split("|"))

    def get(self, key: Key) -> Rdataset | None:
        return self.found.get(key)

    def types(self, owner: dns.name.Name) -> list[RdataType]:
        return [rtype for name, rtype in self.found if name == owner]


ZONE = ("a A 192.0.2.1|192.0.2.2", "alias CNAME a.example.org.", "@ NS ns.example.net.")


def _sent(message: UpdateMessage) -> UpdateMessage:
    read = dns.message.from_wire(message.to_wire())
    assert isinstance(read, UpdateMessage)
    return read


def _present(*arguments: str) -> UpdateMessage:
    message = UpdateMessage(ORIGIN)
    message.present(*arguments)
    return message


def _absent(*arguments: str) -> UpdateMessage:
    message = UpdateMessage(ORIGIN)
    message.absent(*arguments)
    return message


@pytest.mark.parametrize(
    ("message", "rcode"),
    [
        (_present("a"), "NOERROR"),
        (_present("b"), "NXDOMAIN"),
        (_present("a", "A"), "NOERROR"),
        (_present("a", "TXT"), "NXRRSET"),
        (_present("a", "A", "192.0.2.2", "192.0.2.1"), "NOERROR"),
        (_present("a", "A", "192.0.2.1"), "NXRRSET"),
        (_present("b", "A", "192.0.2.1"), "NXRRSET"),
        (_absent("b"), "NOERROR"),
        (_absent("a"), "YXDOMAIN"),
        (_absent("a", "TXT"), "NOERROR"),
        (_absent("a", "A"), "YXRRSET"),
        (_present("a.example.net."), "NOTZONE"),
    ],
)
def test_prerequisites(message: UpdateMessage, rcode: str) -> None:
    code = dns.rcode.NOERROR
    try:
        changes.check_prerequisites(_sent(message), _Zone(*ZONE))
    except UpdateError as error:
        code = error.rcode
    assert dns.rcode.to_text(code) == rcode


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (("add", "b", 60, "A", "192.0.2.9"), (*ZONE, "b A 192.0.2.9")),
        (("add", "a", 300, "A", "192.0.2.1"), ZONE),
        (("add", "a", 300, "CNAME", "b"), ZONE),
        (("add", "alias", 300, "A", "192.0.2.9"), ZONE),
        (
            ("add", "alias", 300, "CNAME", "b.example.org."),
            (ZONE[0], "alias CNAME b.example.org.", ZONE[2]),
        ),
        (("add", "@", 300, "NS", "other.example.net."), ZONE),
        (("delete", "a", "A", "192.0.2.2"), ("a A 192.0.2.1", *ZONE[1:])),
        (("delete", "a", "A"), ZONE[1:]),
        (("delete", "a"), ZONE[1:]),
        (("delete", "@"), ZONE),
        (("delete", "b"), ZONE),
    ],
)
def test_changes(change: tuple[Any, ...], after: tuple[str, ...]) -> None:
    message = UpdateMessage(ORIGIN)
    getattr(message, change[0])(*change[1:])
    read, zone, wanted = _sent(message), _Zone(*ZONE), _Zone(*after)
    changes.check_changes(read)
    made = changes.of(read, zone)
    assert zone.found == _Zone(*ZONE).found, "what it was given has changed"
    behind = {**zone.found, **made}
    assert {key: value for key, value in behind.items() if value} == wanted.found
    assert {key for key in behind if behind[key] != zone.get(key)} >= made.keys()


def test_a_layer_has_what_was_put_last() -> None:
    zone = _Zone(*ZONE)
    layer = Layer(Layer(zone))
    key = ORIGIN.concatenate(dns.name.empty), RdataType.TXT
    assert layer.get(key) is None
    layer.put(key, dns.rdataset.from_text("IN", "TXT", 60, "x"))
    assert set(layer.types(ORIGIN)) == {RdataType.NS, RdataType.TXT}
    layer.put(key, None)
    assert set(layer.types(ORIGIN)) == {RdataType.NS}


def test_a_change_outside_of_the_zone() -> None:
    message = UpdateMessage(ORIGIN)
    message.add("a.example.net.", 60, "A", "192.0.2.1")
    with pytest.raises(UpdateError, match="NOTZONE"):
        changes.check_changes(_sent(message))


def test_the_time_of_a_message_grows_with_its_records_and_not_with_their_square() -> None:
    """Each record that is added or deleted once had the whole RRset copied: half a minute."""
    message = UpdateMessage(ORIGIN)
    texts = [f"10.0.{number // 250}.{number % 250}" for number in range(2000)]
    message.add("b", 60, "A", *texts)
    for text in texts[1:]:
        message.delete("b", "A", text)
    read = dns.message.from_wire(message.to_wire(max_size=65535))
    assert isinstance(read, UpdateMessage)
    began = time.process_time()
    made = changes.of(read, _Zone(*ZONE))
    assert time.process_time() - began < 3
    (value,) = made.values()
    assert value == dns.rdataset.from_text("IN", "A", 60, texts[0])
