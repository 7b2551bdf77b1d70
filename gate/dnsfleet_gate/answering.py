"""What a request gets: a reply, a transfer, or that its updates are looked at; without sockets.

Only signed requests get anything, and a key gets only its zones. A transfer is made of the version
of the zone that is held now. IXFR (RFC 1995) gets the SOA alone where the client is not behind,
else the changes since its serial where they are known, and else the whole zone, as its section 4
allows; over UDP the SOA, which sends a client that is behind to TCP.

Clients of UPDATE ask before for the zone of a name, or for what is there. So a key for updates gets
the replies of an edge, from the same engine.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import dns.flags
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.serial import Serial
from dnsfleet import names
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_engine import Changes, Transfer, Zone

from dnsfleet_gate import messages, signing
from dnsfleet_gate.messages import MAX_MESSAGE, OPT_OCTETS, FormError, Request
from dnsfleet_gate.signing import Keys, MacLengthError, Signature

TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
Transport = Literal["udp", "tcp"]
_OPCODES = (dns.opcode.QUERY, dns.opcode.UPDATE, dns.opcode.NOTIFY)
"""Those that are understood; NOTIFY is not served."""


class Reply(NamedTuple):
    """One message."""

    wire: bytes
    rcode: int
    error: int = dns.rcode.NOERROR
    """The TSIG error in it."""
    key: UsableKey | None = None
    """The key that signed the request; None where none did that is known."""


class Zones(NamedTuple):
    """What is held, and what should be."""

    get: Callable[[str], Zone | None]
    """The zone of an origin."""
    fails: Callable[[str], bool]
    """Whether a zone that is not held should be."""
    since: Callable[[Zone, int], list[Changes] | None]
    """The steps from a serial to a zone; None where they are not known."""
    respond: Callable[[bytes, str, Transport], bytes | None]
    """What an edge says to a query of a client."""


class Update(NamedTuple):
    """An UPDATE of a key that is for updates; what it comes to takes time."""

    request: Request
    signature: Signature

    @property
    def key(self) -> UsableKey | None:
        """The key that signed it."""
        return self.signature.key

    def reply(self, rcode: int, why: str, now: int) -> Reply:
        """Its reply; `why` is for people."""
        wire = messages.reply(self.request, rcode, why=why)
        return Reply(self.signature.put(wire, now), rcode, key=self.key)


class Outgoing:
    """A transfer under way: the messages of the whole zone, or of its changes."""

    def __init__(
        self, request: Request, zone: Zone, signature: Signature, steps: list[Changes] | None = None
    ) -> None:
        """Of these steps, or else of all records."""
        self.kind = "axfr" if steps is None else "ixfr"
        self.origin = zone.origin
        self.serial = zone.serial
        self.key = signature.key
        self._request = request
        self._signature = signature
        self._transfer = Transfer(zone, request.head, steps or [])
        self._room = MAX_MESSAGE - signature.octets - OPT_OCTETS
        self._first = True

    def message(self, now: int) -> bytes | None:
        """The next message; None behind the last one. ValueError where a record fits into none."""
        wire = self._transfer.message(self._room)
        if wire is None:
            return None
        if self._first:
            wire, self._first = messages.with_opt(wire, self._request), False
        return self._signature.put(wire, now)


def answer(
    wire: bytes, client: str, transport: Transport, keys: Keys, zones: Zones, now: int
) -> Reply | Outgoing | Update | None:
    """What a message gets; None where nothing may be said.

    `client` is the IP address that it came from, `now` is Unix time in seconds.
    """
    try:
        request = messages.read(wire)
    except FormError as error:
        # Messages of later opcodes need not look like queries (RFC 8490 section 5.1).
        known = error.request.opcode in _OPCODES
        rcode = dns.rcode.FORMERR if known else dns.rcode.NOTIMP
        return Reply(messages.reply(error.request, rcode), rcode)
    if request is None:
        return None
    if request.signed is None:
        return _unsigned(request)
    try:
        signature = signing.check(request.signed, keys, now)
    except MacLengthError:
        return Reply(messages.reply(request, dns.rcode.FORMERR), dns.rcode.FORMERR)
    if signature.error:
        return _signed(request, signature, dns.rcode.NOTAUTH, now)
    if signature.key is None or not signature.key.allows_from(client):
        return _signed(request, signature, dns.rcode.REFUSED, now)
    if signature.key.updates is not None and not request.bad_version:
        if request.opcode == dns.opcode.UPDATE:
            return Update(request, signature)
        if request.opcode == dns.opcode.QUERY and request.rtype not in TRANSFERS:
            return _edge_reply(request, client, transport, signature, zones, now)
    return _allowed(request, transport, signature, zones, now)


def _unsigned(request: Request) -> Reply:
    rcode = _fault(request) or dns.rcode.REFUSED
    return Reply(messages.reply(request, rcode), rcode)


def _fault(request: Request) -> int:
    """Why no key can get this; NOERROR where one may."""
    if request.opcode not in _OPCODES:
        return dns.rcode.NOTIMP
    if request.bad_version:  # whatever it asks for (RFC 6891 section 6.1.3)
        return messages.BADVERS
    if request.opcode != dns.opcode.QUERY:
        return dns.rcode.REFUSED
    if request.rclass != dns.rdataclass.IN:
        return dns.rcode.REFUSED
    if request.rtype not in (dns.rdatatype.SOA, *TRANSFERS):
        return dns.rcode.REFUSED
    if request.rtype == dns.rdatatype.IXFR and request.serial is None:
        return dns.rcode.FORMERR
    return dns.rcode.NOERROR


def _allowed(
    request: Request, transport: Transport, signature: Signature, zones: Zones, now: int
) -> Reply | Outgoing:
    """What a request gets that a known key signed."""
    if fault := _fault(request):
        return _signed(request, signature, fault, now)
    origin = _asked(request)
    if origin is None:
        return _signed(request, signature, dns.rcode.NOTAUTH, now)
    if signature.key is None or not signature.key.allows(origin):
        return _signed(request, signature, dns.rcode.REFUSED, now)
    if request.rtype == dns.rdatatype.AXFR and transport == "udp":
        return _signed(request, signature, dns.rcode.REFUSED, now)
    zone = zones.get(origin)
    if zone is None:
        rcode = dns.rcode.SERVFAIL if zones.fails(origin) else dns.rcode.NOTAUTH
        return _signed(request, signature, rcode, now)
    if request.rtype == dns.rdatatype.AXFR:
        return Outgoing(request, zone, signature)
    if request.rtype == dns.rdatatype.IXFR and transport == "tcp" and _is_behind(request, zone):
        steps = zones.since(zone, request.serial or 0)
        return Outgoing(request, zone, signature, steps)
    return _soa(request, transport, signature, zone, now)


def _edge_reply(
    request: Request,
    client: str,
    transport: Transport,
    signature: Signature,
    zones: Zones,
    now: int,
) -> Reply | None:
    """What an edge says of a zone of the key, signed; TC where there is no room for that."""
    if not _is_of_key(request, signature):
        return _signed(request, signature, dns.rcode.REFUSED, now)
    signed = request.signed
    wire = None if signed is None else zones.respond(signed.content, client, transport)
    if wire is None:
        return None
    most = request.takes if transport == "udp" else MAX_MESSAGE
    if len(wire) + signature.octets > most:
        wire = messages.reply(request, dns.rcode.NOERROR, flags=dns.flags.TC)
    return Reply(signature.put(wire, now), wire[3] & 0xF, key=signature.key)


def _is_of_key(request: Request, signature: Signature) -> bool:
    """Whether a name is in a zone of the key; a gate has those of all Pops and tenants."""
    asked, key = _asked(request), signature.key
    if asked is None or key is None:
        return False
    return any(map(key.is_for, (asked, *names.ancestors(asked))))


def _asked(request: Request) -> str | None:
    """The name that is asked for; None where it begins with xn--, and is no A-label: no zone has
    that."""
    try:
        return names.normalise(request.name.to_text())
    except ValueError:
        return None


def _is_behind(request: Request, zone: Zone) -> bool:
    """Whether the client has an older serial (RFC 1982), or one that cannot be compared."""
    held, asked = Serial(zone.serial), Serial(request.serial or 0)
    return not asked >= held


def _soa(
    request: Request, transport: Transport, signature: Signature, zone: Zone, now: int
) -> Reply:
    """The SOA of a zone, or TC where a datagram does not hold it."""
    wire = messages.reply(request, dns.rcode.NOERROR, _soa_record(zone), dns.flags.AA)
    if transport == "udp" and len(wire) + signature.octets > request.takes:
        flags = dns.flags.AA | dns.flags.TC
        wire = messages.reply(request, dns.rcode.NOERROR, flags=flags)
    return Reply(signature.put(wire, now), dns.rcode.NOERROR, key=signature.key)


def _soa_record(zone: Zone) -> bytes:
    """The SOA record on the wire, its names in full."""
    found = zone.get(zone.origin, "SOA")
    assert found is not None  # noqa: S101 - every zone has one
    ttl, texts = found
    rrset = dns.rrset.from_text(zone.origin, ttl, dns.rdataclass.IN, dns.rdatatype.SOA, *texts)
    owner, rdata = messages.octets(rrset.name), messages.octets(rrset[0])
    head = messages.record_head(dns.rdatatype.SOA, dns.rdataclass.IN, ttl, len(rdata))
    return owner + head + rdata


def _signed(request: Request, signature: Signature, rcode: int, now: int) -> Reply:
    wire = signature.put(messages.reply(request, rcode), now)
    return Reply(wire, rcode, signature.error, signature.key)
