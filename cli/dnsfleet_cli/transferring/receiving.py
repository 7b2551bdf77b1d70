"""What the messages of a zone transfer say: the zone as a master file, or why it is none.

`Transfer` has no sockets. It is fed one message after the other, as they come over TCP, and
dnspython checks each: that it answers our query, that its MAC is right (RFC 8945), and that the
records are those of a transfer (RFC 5936), from the first SOA to the same SOA again. The records
become lines of a master file, so what reads zones from files reads transferred ones as well, with
the same checks. Rdata is written as octets (RFC 3597 section 5), which keeps all of it, of every
type.

Whoever answers is not trusted to end: octets and records are bounded here, and seconds in
`fetching`. Nothing of a transfer counts before its last message.
"""

from typing import Any, cast

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.transaction
import dns.tsig
import dns.xfr
from dnsfleet.zones import master_files
from dnsfleet_engine import type_text

from dnsfleet_cli.troubles import counted

MAX_OCTETS = master_files.MAX_FILE
"""Of all messages, and of the master file that is made of them: no file may have more."""
MAX_RECORDS = 20_000_000
"""More than the largest zones have, and about what a master file of MAX_OCTETS holds."""
MAX_UNSIGNED = 99
"""Messages without TSIG between two with it: as many as a client has to take, because servers once
signed each hundredth message alone (RFC 8945 section 5.3.1)."""


class TransferFault(Exception):  # noqa: N818 - it is the server's
    """A zone that cannot be had; the text says why, and what to do."""


class Transfer:
    """The transfer of one zone, from its first message to its last."""

    def __init__(self, origin: str, key: dns.tsig.Key | None) -> None:
        """Ask for the zone `origin`, signed with `key` where there is one."""
        self._rows = _Rows(dns.name.from_text(origin))
        self._key = key
        self._query, _ = dns.xfr.make_query(self._rows, serial=None)
        if key is not None:
            self._query.use_tsig(key)
        self.query = self._query.to_wire(prepend_length=True)
        """What to send, behind its length, as TCP wants it (RFC 1035 section 4.2.2)."""
        self._inbound = dns.xfr.Inbound(self._rows)
        self._context: Any = None
        """Of the MAC, from one message to the next."""
        self.records = 0
        """How many came."""
        self._octets = 0
        self._unsigned = 0
        """Messages without TSIG since the last one with it."""
        self._began = False

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
            raise TransferFault(self._refusal(message.rcode()))
        self._check_signed(message)
        self._began = True
        self.records += sum(map(len, message.answer))
        try:
            done = self._inbound.process_message(message)
        except dns.exception.FormError as error:
            raise TransferFault(f"what the server sends is no AXFR: {error}") from None
        self._check_size()
        return done

    def _read(self, wire: bytes) -> dns.message.Message:
        """The message with its MAC checked, where there is one."""
        try:
            message = dns.message.from_wire(
                wire,
                keyring=self._key,
                request_mac=self._query.mac,
                xfr=True,
                tsig_ctx=self._context,
                multi=True,
            )
        except dns.exception.DNSException as error:
            raise TransferFault(self._unreadable(error)) from None
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
            raise TransferFault(
                "the server does not sign what it sends, although the query is signed; "
                "have it use the TSIG key for transfers"
            )

    def _check_size(self) -> None:
        if max(self._octets, len(self._rows.text)) > MAX_OCTETS:
            raise TransferFault(f"more than {MAX_OCTETS} octets; no zone may have so many")
        if self.records > MAX_RECORDS:
            raise TransferFault(f"more than {MAX_RECORDS} records; no zone may have so many")

    def _refusal(self, rcode: dns.rcode.Rcode) -> str:
        """Why there is no zone, where the server says so by an rcode (RFC 5936 section 2.2.1)."""
        allow = f"allow it there for this address{self._with_key}"
        match rcode:
            case dns.rcode.REFUSED:
                what = f"refused; {allow}"
            case dns.rcode.NOTAUTH:  # Knot DNS says so as well where it refuses
                what = f"the server does not have the zone, or refuses; check --origin, or {allow}"
            case dns.rcode.SERVFAIL:
                what = "the server cannot send the zone now; see its log"
            case _:
                what = "the server does not do it"
        return f"{what} ({dns.rcode.to_text(rcode)})"

    @property
    def _with_key(self) -> str:
        if self._key is None:
            return ", or for a key, and give --tsig"
        return f" and for the key {_shown(self._key)}"

    def _unreadable(self, error: dns.exception.DNSException) -> str:
        """Why a message is none that may be believed."""
        key = "" if self._key is None else _shown(self._key)
        match error:
            case dns.tsig.PeerBadKey():
                return f"the server does not know the key {key} (BADKEY)"
            case dns.tsig.PeerBadSignature():
                return f"the server has another secret for the key {key} (BADSIG)"
            case dns.tsig.PeerBadTime():
                return "the clock of the server and the one here differ; set them right (BADTIME)"
            case dns.tsig.PeerError():
                return f"the server does not accept the TSIG: {error}"
            case dns.tsig.BadSignature():
                return (
                    f"the MAC of a message is wrong: the server has another secret for {key}, "
                    "or the message was changed on its way"
                )
            case dns.tsig.BadTime():
                return "a message was signed at another time; set the clocks right"
            case dns.tsig.BadKey() | dns.tsig.BadAlgorithm() | dns.message.UnknownTSIGKey():
                return "the server signs with another key; give --tsig with that one"
        came = counted(self.records, "record")
        return f"a message of the server is not well-formed, after {came}: {error}"


def _shown(key: dns.tsig.Key) -> str:
    """`transfer.example.net hmac-sha256`, without the secret."""
    return " ".join(name.to_text(omit_final_dot=True) for name in (key.name, key.algorithm))


class _Rows(dns.transaction.TransactionManager):
    """The lines of a master file, in place of a zone of dnspython, which has objects of each."""

    def __init__(self, origin: dns.name.Name) -> None:
        self._origin = origin
        self.text = bytearray(b"\n")
        """The first line stands for the SOA in front, so a line has the number of its record."""
        self.kept = 0
        """Records that are in `text`."""

    def add(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Write an RRset, or a part of one; dnspython gives only those that are in the zone."""
        rdclass = dns.rdataclass.to_text(rdataset.rdclass)
        head = f"{name} {rdataset.ttl} {rdclass} {type_text(rdataset.rdtype)} \\# "
        for rdata in rdataset:
            octets = cast(bytes, rdata.to_wire())
            self.text += f"{head}{len(octets)} {octets.hex()}\n".encode()
        self.kept += len(rdataset)

    replace = add

    def commit(self) -> None:
        """It ended well."""

    def rollback(self) -> None:
        """It ended otherwise, and nobody reads `text`."""

    def writer(self, _replacement: bool = False) -> dns.transaction.Transaction:
        """As dnspython asks for it; of a transaction it calls what is above."""
        return cast(dns.transaction.Transaction, self)

    def origin_information(self) -> tuple[dns.name.Name | None, bool, dns.name.Name | None]:
        """All names are absolute."""
        return self._origin, False, self._origin

    def get_class(self) -> dns.rdataclass.RdataClass:
        """Only IN is served."""
        return dns.rdataclass.IN
