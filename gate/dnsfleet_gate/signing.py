"""TSIG (RFC 8945): who signed a request, and the signature of everything that is said to it.

dnspython makes the MACs. What is checked, and in which order, is here, as section 5.2 has it:

    key known, of that algorithm    else BADKEY, unsigned
    MAC                             else BADSIG, unsigned; FORMERR where it has no possible length
    time                            else BADTIME, signed, with our time
    MAC not truncated               else BADTRUNC, signed

So a request with a wrong MAC learns nothing but that. In a transfer each message is signed, and
each MAC goes into the next one (section 5.3.1), so no message can be left out or exchanged.
"""

import hmac
from collections.abc import Mapping
from typing import Any

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG
from dnsfleet.tsig_keys import UsableKey

from dnsfleet_gate import messages
from dnsfleet_gate.messages import Signed

FUDGE_SECONDS = 300
"""By which clocks may differ (RFC 8945 section 10)."""
MIN_MAC = 10
"""Octets of a truncated MAC (RFC 8945 section 5.2.2.1)."""
_TIME_OCTETS = 6
_DISBELIEF = {
    dns.tsig.PeerBadKey: "it does not know the key {} (BADKEY)",
    dns.tsig.PeerBadSignature: "it has another secret for the key {} (BADSIG)",
    dns.tsig.PeerBadTime: "its clock differs too much (BADTIME)",
}

Keys = Mapping[dns.name.Name, UsableKey]
"""By the name on the wire."""


class MacLengthError(Exception):
    """The MAC has a length that none can have: FORMERR."""


def key_table(keys: list[UsableKey]) -> dict[dns.name.Name, UsableKey]:
    """Keys by their names on the wire."""
    return {dns.name.from_text(each.name): each for each in keys}


def usual(key: UsableKey) -> dns.tsig.Key:
    """The key as dnspython has it."""
    return dns.tsig.Key(dns.name.from_text(key.name), key.secret, dns.name.from_text(key.algorithm))


def disbelief(error: dns.tsig.PeerError, key: UsableKey) -> str:
    """Why somebody does not believe what was signed with a key, for people."""
    return _DISBELIEF.get(type(error), str(error)).format(key.name)


class Signature:
    """What every message of one reply ends with; not thread-safe."""

    def __init__(
        self, signed: Signed, key: UsableKey | None, error: int = dns.rcode.NOERROR, now: int = 0
    ) -> None:
        """`error` is a TSIG error; of those, BADTIME says what time it is `now`."""
        self.key = key
        self.error = error
        self._signed = signed
        self._other = now.to_bytes(_TIME_OCTETS) if error == dns.rcode.BADTIME else b""
        self._tsig = usual(key) if key is not None else None
        self._context: Any = None

    @property
    def octets(self) -> int:
        """How many it adds to a message."""
        mac = b"" if self._tsig is None else bytes(dns.tsig.mac_sizes[self._tsig.algorithm])
        return len(self._record(self._rdata(0, 0, mac)))

    def put(self, wire: bytes, now: int) -> bytes:
        """The next message of the reply with its TSIG record."""
        # A client with another time is told in its own (RFC 8945 section 5.2.3).
        at = self._signed.rdata.time_signed if self.error == dns.rcode.BADTIME else now
        rdata = self._rdata(int.from_bytes(wire[:2]), at, b"")
        if self._tsig is not None:
            before, request_mac = self._context, self._signed.rdata.mac
            rdata, self._context = _sign(wire, self._tsig, rdata, at, request_mac, before)
        return messages.with_additional(wire, self._record(rdata))

    def _record(self, rdata: TSIG) -> bytes:
        body = messages.octets(rdata)
        head = messages.record_head(dns.rdatatype.TSIG, dns.rdataclass.ANY, 0, len(body))
        return messages.octets(self._signed.key) + head + body

    def _rdata(self, message_id: int, at: int, mac: bytes) -> TSIG:
        return TSIG(  # type: ignore[no-untyped-call]
            dns.rdataclass.ANY,
            dns.rdatatype.TSIG,
            self._signed.rdata.algorithm,
            at,
            FUDGE_SECONDS,
            mac,
            message_id,
            self.error,
            self._other,
        )


def _sign(
    wire: bytes, key: dns.tsig.Key, rdata: TSIG, at: int, request_mac: bytes, context: Any
) -> tuple[TSIG, Any]:
    """The record with its MAC, and what the MAC of the next message begins with."""
    made: tuple[TSIG, Any] = dns.tsig.sign(  # type: ignore[no-untyped-call]
        wire, key, rdata, at, request_mac, context, True
    )
    return made


def check(signed: Signed, keys: Keys, now: int) -> Signature:
    """The signature of the reply to a signed request, with the error that there is, if any.

    `now` is Unix time in seconds. MacLengthError where the MAC cannot be one.
    """
    key, rdata = keys.get(signed.key), signed.rdata
    if key is None or rdata.algorithm != dns.name.from_text(key.algorithm):
        return Signature(signed, None, dns.rcode.BADKEY)
    made, _ = _sign(signed.content, usual(key), rdata, rdata.time_signed, b"", None)
    expected, length = made.mac, len(rdata.mac)
    if not max(MIN_MAC, len(expected) // 2) <= length <= len(expected):
        raise MacLengthError
    if not hmac.compare_digest(expected[:length], rdata.mac):
        return Signature(signed, None, dns.rcode.BADSIG)
    if abs(now - rdata.time_signed) > rdata.fudge:
        return Signature(signed, key, dns.rcode.BADTIME, now)
    if length < len(expected):
        return Signature(signed, key, dns.rcode.BADTRUNC)
    return Signature(signed, key)
