"""What the messages of a zone transfer say: the zone as a master file, or why it is none.

`Transfer` has no sockets. It is fed one message after the other, as they come over TCP, and
dnspython checks each: that it answers our query, that its MAC is right (RFC 8945), and that the
records are those of a transfer (RFC 5936), from the first SOA to the same SOA again. What is in
them is not its matter (see `messages`). The records become lines of a master file (see `rows`), so
what reads zones from files reads transferred ones as well, with the same checks.

With a version that is there already, what changed since is asked for (IXFR, RFC 1995). The server
may send that, or the whole zone all the same, or only its SOA where nothing is new.

Whoever answers is not trusted to end: octets and records are bounded here, and seconds in
`connections`. Nothing of a transfer counts before its last message.
"""

from typing import Any, NamedTuple, cast

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.tsig
import dns.xfr
from dnsfleet.zones import master_files

from dnsfleet_publisher.transferring import messages
from dnsfleet_publisher.transferring.rows import Changes, MismatchError, Rows

MAX_OCTETS = master_files.MAX_FILE
"""Of all messages, and of the master file that is made of them: no file may have more."""
MAX_RECORDS = 20_000_000
"""More than the largest zones have, and about what a master file of MAX_OCTETS holds."""
MAX_UNSIGNED = 99
"""Messages without TSIG between two with it: as many as a client has to take, because servers once
signed each hundredth message alone (RFC 8945 section 5.3.1)."""


class TransferFault(Exception):  # noqa: N818 - it is the server's
    """A zone that cannot be had; the text says why, and what to do."""


class Soa(NamedTuple):
    """What a SOA says to secondaries (RFC 1035 section 3.3.13)."""

    serial: int
    refresh: int
    """Seconds, as the next two."""
    retry: int
    expire: int

    @classmethod
    def of(cls, rdata: object) -> "Soa":
        """Of the rdata of a SOA record."""
        found = cast(dns.rdtypes.ANY.SOA.SOA, rdata)
        return cls(found.serial, found.refresh, found.retry, found.expire)


class Transfer:
    """The transfer of one zone, from its first message to its last."""

    def __init__(
        self,
        origin: str,
        key: dns.tsig.Key | None,
        serial: int | None = None,
        most_octets: int | None = None,
    ) -> None:
        """Ask for the zone `origin`, signed with `key` where there is one.

        With the `serial` of a version that is there, for what changed since. `most_octets` bounds
        the messages, and what is made of them: a master file, or names and lines of changes;
        default: MAX_OCTETS.
        """
        self._rows = Rows(dns.name.from_text(origin))
        self._key = key
        self.most_octets = MAX_OCTETS if most_octets is None else most_octets
        rdtype = dns.rdatatype.AXFR if serial is None else dns.rdatatype.IXFR
        self._query = dns.message.make_query(origin, rdtype)
        if serial is not None:  # of this SOA nothing else is read (RFC 1995 section 3)
            have = dns.rrset.from_text(origin, 0, "IN", "SOA", f". . {serial} 0 0 0 0")
            self._query.authority.append(have)
        if key is not None:
            self._query.use_tsig(key)
        self.query = self._query.to_wire(prepend_length=True)
        """What to send, behind its length, as TCP wants it (RFC 1035 section 4.2.2)."""
        self._inbound = dns.xfr.Inbound(self._rows, rdtype, serial)
        self._context: Any = None
        """Of the MAC, from one message to the next."""
        self.records = 0
        """How many came."""
        self._octets = 0
        self._unsigned = 0
        """Messages without TSIG since the last one with it."""
        self._began = False

    @property
    def soa(self) -> Soa:
        """That of the version that came, once the transfer ended."""
        assert self._inbound.soa_rdataset is not None  # noqa: S101 - each transfer begins with it
        return Soa.of(self._inbound.soa_rdataset[0])

    @property
    def changes(self) -> Changes | None:
        """What changed since the version that was there; None where the whole zone came."""
        return self._rows.changes

    @property
    def left_out(self) -> int:
        """How many records were outside of the zone, once the transfer ended."""
        return self.records - 1 - self._rows.kept  # the SOA comes twice

    @property
    def text(self) -> bytes:
        """The zone as a master file, a record a line, once the transfer ended."""
        return bytes(self._rows.text)

    def feed(self, wire: bytes) -> bool:
        """Take a message, without its length; whether it was the last. Or TransferFault."""
        self._octets += len(wire)
        message = self._read(wire)
        if not self._query.is_response(message, xfr_continuation=self._began):
            raise TransferFault("the server answers another question; is that a DNS server?")
        if message.rcode() != dns.rcode.NOERROR:
            raise TransferFault(refusal(message.rcode(), self._key))
        self._check_signed(message)
        self._began = True
        self.records += sum(map(len, message.answer))
        try:
            done = self._inbound.process_message(message)
        except (dns.exception.FormError, MismatchError) as error:
            asked = dns.rdatatype.to_text(self._query.question[0].rdtype)
            raise TransferFault(f"what the server sends is no {asked}: {error}") from None
        self._check_size()
        return done

    def _read(self, wire: bytes) -> dns.message.Message:
        """The message with its MAC checked, where there is one."""
        try:
            message = messages.read(wire, self._key, self._query.mac or b"", self._context)
        except dns.exception.DNSException as error:
            raise TransferFault(unreadable(error, self._key, self.records)) from None
        self._context = message.tsig_ctx
        return message

    def _check_signed(self, message: dns.message.Message) -> None:
        """The first message and the last need a TSIG (RFC 8945 section 5.3.1)."""
        if self._key is None or message.had_tsig:
            self._unsigned = 0
            return
        self._unsigned += 1
        last = message.answer[-1] if message.answer else None
        ends = last is not None and last.rdtype == dns.rdatatype.SOA
        if not self._began or ends or self._unsigned > MAX_UNSIGNED:
            raise TransferFault(UNSIGNED)

    def _check_size(self) -> None:
        if max(self._octets, self._rows.octets) > self.most_octets:
            raise TransferFault(f"more than {self.most_octets} octets; no zone may have so many")
        if self.records > MAX_RECORDS:
            raise TransferFault(f"more than {MAX_RECORDS} records; no zone may have so many")


def came(records: int) -> str:
    """`1 record`, `2 records`."""
    return f"{records} record" if records == 1 else f"{records} records"


def refusal(rcode: dns.rcode.Rcode, key: dns.tsig.Key | None) -> str:
    """Why there is no zone, where the server says so by an rcode (RFC 5936 section 2.2.1)."""
    with_key = ", or for a key, and give --tsig"
    if key is not None:
        with_key = f" and for the key {_shown(key)}"
    allow = f"allow it there for this address{with_key}"
    match rcode:
        case dns.rcode.REFUSED:
            what = f"refused; {allow}"
        case dns.rcode.NOTAUTH:  # Knot DNS says so as well where it refuses
            what = f"the server does not have the zone, or refuses; check the origin, or {allow}"
        case dns.rcode.SERVFAIL:
            what = "the server cannot send the zone now; see its log"
        case _:
            what = "the server does not do it"
    return f"{what} ({dns.rcode.to_text(rcode)})"


def unreadable(error: dns.exception.DNSException, key: dns.tsig.Key | None, records: int) -> str:
    """Why a message is none that may be believed; so many records came before."""
    name = "" if key is None else _shown(key)
    match error:
        case dns.tsig.PeerBadKey():
            return f"the server does not know the key {name} (BADKEY)"
        case dns.tsig.PeerBadSignature():
            return f"the server has another secret for the key {name} (BADSIG)"
        case dns.tsig.PeerBadTime():
            return "the clock of the server and the one here differ; set them right (BADTIME)"
        case dns.tsig.PeerError():
            return f"the server does not accept the TSIG: {error}"
        case dns.tsig.BadSignature():
            return (
                f"the MAC of a message is wrong: the server has another secret for {name}, "
                "or the message was changed on its way"
            )
        case dns.tsig.BadTime():
            return "a message was signed at another time; set the clocks right"
        case dns.tsig.BadKey() | dns.tsig.BadAlgorithm() | dns.message.UnknownTSIGKey():
            return "the server signs with another key; use that one here"
    return f"a message of the server is not well-formed, after {came(records)}: {error}"


UNSIGNED = (
    "the server does not sign what it sends, although the query is signed; "
    "have it use the TSIG key for transfers"
)


def _shown(key: dns.tsig.Key) -> str:
    """`transfer.example.net hmac-sha256`, without the secret."""
    return " ".join(name.to_text(omit_final_dot=True) for name in (key.name, key.algorithm))
