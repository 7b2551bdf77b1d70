"""NOTIFY (RFC 1996) of primaries, as a gate passes it on: who signed it, and what is answered.

Gates hear it, as they have the addresses that primaries reach, and the keys of primaries stay here.
A reply to a gate is one datagram: a TSIG error (RFC 8945) in one octet, and the message for the
primary. With BADKEY and BADSIG there is no message: the gate makes it, since nobody can sign it.
No sockets.
"""

import logging
import struct
from collections.abc import Callable, Iterable

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dnsfleet.tsig_keys import PrimaryKey

from dnsfleet_publisher.transferring import primaries

MAX_OCTETS, MAX_RECORDS = 1232, 4
"""Of a NOTIFY that is read. It has SOA, OPT and TSIG beside its question, and fewer octets even
with the longest names. Anybody may send one, and a larger one takes up to seconds to read."""
BADKEY, BADSIG = bytes([dns.rcode.BADKEY]), bytes([dns.rcode.BADSIG])
_HEADER = struct.Struct("!HHHHHH")
_TIME_OCTETS = 6

Notified = Callable[[str, str], bool]
"""Gets an origin, and the name of a key on the wire; whether a Zone comes from primaries by it."""

_log = logging.getLogger(__name__)


def answer(wire: bytes, keys: Iterable[PrimaryKey], notified: Notified, now: float) -> bytes | None:
    """The reply to a gate; None to what is no signed NOTIFY. `now` is Unix time in seconds."""
    if not _is_small(wire):
        return None
    try:
        query = dns.message.from_wire(wire, keyring=False)
    except dns.exception.DNSException:
        return None
    asks = query.opcode() == dns.opcode.NOTIFY and not query.flags & dns.flags.QR
    if not asks or len(query.question) != 1 or not query.had_tsig:
        return None
    assert query.keyname is not None  # noqa: S101 - it had TSIG
    # Texts are compared, as a name of dnspython for each of a thousand keys takes 20 ms, and no key
    # is needed to have that done.
    name = query.keyname.canonicalize().to_text()
    key = next((each for each in keys if each.key.name == name), None)
    if key is None:
        return BADKEY
    tsig = primaries.tsig_key(key)
    try:
        query = dns.message.from_wire(wire, keyring=tsig)
    except dns.tsig.BadTime:
        return _reply(query, tsig, dns.rcode.NOTAUTH, dns.rcode.BADTIME, now)
    except (dns.tsig.BadKey, dns.tsig.BadAlgorithm):
        return BADKEY
    except dns.exception.DNSException:
        return BADSIG
    if query.edns > 0:  # no later EDNS than 0 is spoken (RFC 6891 section 6.1.3)
        return _reply(query, tsig, dns.rcode.BADVERS)
    (asked,) = query.question
    if (asked.rdtype, asked.rdclass) != (dns.rdatatype.SOA, dns.rdataclass.IN):
        return _reply(query, tsig, dns.rcode.REFUSED)
    origin = asked.name.canonicalize().to_text()
    heard = key.key.is_for(origin) and notified(origin, key.key.name)
    _log.info("NOTIFY for %s by %s: %s", origin, key.key.name, "heard" if heard else "no such Zone")
    return _reply(query, tsig, dns.rcode.NOERROR if heard else dns.rcode.NOTAUTH)


def _is_small(wire: bytes) -> bool:
    if not _HEADER.size <= len(wire) <= MAX_OCTETS:
        return False
    _, _, _, answers, authorities, additional = _HEADER.unpack_from(wire)
    records: int = answers + authorities + additional
    return records <= MAX_RECORDS


def _reply(
    query: dns.message.Message,
    key: dns.tsig.Key,
    rcode: dns.rcode.Rcode,
    error: int = dns.rcode.NOERROR,
    now: float = 0.0,
) -> bytes:
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    # Who has another time is told ours (RFC 8945 section 5.2.3).
    other = int(now).to_bytes(_TIME_OCTETS) if error == dns.rcode.BADTIME else b""
    reply.use_tsig(key, tsig_error=error, other_data=other)
    reply.request_mac = query.mac or b""
    return bytes([dns.rcode.NOERROR]) + reply.to_wire()
