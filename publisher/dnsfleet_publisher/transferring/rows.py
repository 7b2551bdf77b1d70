r"""Records of a transfer as lines of a master file, and what IXFR changes in them.

A line has one record, with its rdata as octets (RFC 3597 section 5), which keeps all of it, of
every type: `www.example.com. 60 IN A \# 4 c0000201`.

The changes of an IXFR (RFC 1995) come as records that go and records that come, version after
version. What stays of them at the end is applied to the lines of the version before: to all of it
or to none. It must fit exactly: what goes has to be there, and what comes must not. Where it does
not, the server and we have had different zones under one serial, and only a whole one helps.
"""

from collections.abc import Iterator
from typing import cast

import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.transaction
import dns.wire
from dnsfleet_engine import type_number, type_text

from dnsfleet_publisher.transferring import messages

Key = tuple[bytes, int, bytes]
"""Owner in lower case as lines have it, type, and rdata; of types that may have compressed names it
is in canonical form (RFC 4034 section 6.2), so letter case makes no other record."""


class MismatchError(Exception):
    """Changes that do not fit the version that they are for."""


class Changes:
    """What several versions, one after the other, change in a zone."""

    def __init__(self, origin: dns.name.Name) -> None:
        self._apex = _owner(origin)
        self._removed: set[Key] = set()
        self._added: dict[Key, bytes] = {}
        self.octets = 0
        """Of all that came: a record in a message may be a hundredth of what it becomes here."""
        self.soa = b""
        """The line of the newest SOA; empty where nothing is new."""

    def delete(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Records go; MismatchError where one is gone already."""
        for key in _keys(name, rdataset):
            self.octets += _size(key)
            if self._added.pop(key, None) is None:
                if key in self._removed:
                    raise MismatchError(f"{name} {type_text(rdataset.rdtype)} goes twice")
                self._removed.add(key)

    def add(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Records come; MismatchError where one is there already."""
        for key, line in zip(_keys(name, rdataset), _lines(name, rdataset), strict=True):
            if key in self._added:
                raise MismatchError(f"{name} {type_text(rdataset.rdtype)} comes twice")
            self._added[key] = line
            self.octets += _size(key) + len(line)

    def apply(self, text: bytes) -> bytes:
        """The lines of a version with the changes made; MismatchError where they do not fit."""
        owners = {key[0] for key in (*self._removed, *self._added)} | {self._apex}
        missing, kept = set(self._removed), []
        for line in text.splitlines(keepends=True):
            if line.partition(b" ")[0].lower() in owners:
                key = _key(line)
                if key[:2] == (self._apex, dns.rdatatype.SOA):
                    continue
                if key in self._removed:
                    missing.discard(key)  # a server may have sent it more than once
                    continue
                if key in self._added:
                    raise MismatchError(f"{_told(key)} comes, and is there already")
            kept.append(line)
        if missing:
            raise MismatchError(f"{_told(min(missing))} goes, and is not there")
        return b"".join((*kept, *self._added.values(), self.soa))


def _owner(name: dns.name.Name) -> bytes:
    return name.canonicalize().to_text().encode()


def _size(key: Key) -> int:
    return len(key[0]) + len(key[2])


def _keys(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> Iterator[Key]:
    owner = _owner(name)
    for rdata in rdataset:
        yield owner, int(rdataset.rdtype), rdata.to_digestable()


def _key(line: bytes) -> Key:
    """Of a line that `_lines` gave."""
    owner, _, _, rtype, _, _, *text = line.split()
    octets = bytes.fromhex(b"".join(text).decode())
    number = type_number(rtype.decode())
    assert number is not None  # noqa: S101 - `_lines` wrote it
    rdata = messages.rdata(dns.rdataclass.IN, number, dns.wire.Parser(octets), len(octets))
    return owner.lower(), number, rdata.to_digestable()


def _told(key: Key) -> str:
    return f"{key[0].decode()} {type_text(key[1])}"


def _lines(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> Iterator[bytes]:
    """A line for each record."""
    rdclass = dns.rdataclass.to_text(rdataset.rdclass)
    head = f"{name} {rdataset.ttl} {rdclass} {type_text(rdataset.rdtype)} \\# "
    for rdata in rdataset:
        octets = cast(bytes, rdata.to_wire())
        yield f"{head}{len(octets)} {octets.hex()}\n".encode()


class Rows(dns.transaction.TransactionManager):
    """What comes, in place of a zone of dnspython, which has objects of each record."""

    def __init__(self, origin: dns.name.Name) -> None:
        self._origin = origin
        self.text = bytearray(b"\n")
        """The first line stands for the SOA in front, so a line has the number of its record."""
        self.kept = 0
        """Records that are in `text`."""
        self.changes: Changes | None = None
        """What comes in place of a whole zone."""

    @property
    def octets(self) -> int:
        """Of what is kept of what came."""
        return len(self.text) if self.changes is None else self.changes.octets

    def add(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Write an RRset, or a part of one; dnspython gives only those that are in the zone."""
        if self.changes is not None:
            self.changes.add(name, rdataset)
            return
        self.text += b"".join(_lines(name, rdataset))
        self.kept += len(rdataset)

    def replace(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Take the SOA of the version that came."""
        if self.changes is None:
            self.add(name, rdataset)
        else:
            (self.changes.soa,) = _lines(name, rdataset)

    def delete_exact(self, name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
        """Take out a record, as only IXFR does."""
        assert self.changes is not None  # noqa: S101 - dnspython gives none of a whole zone
        self.changes.delete(name, rdataset)

    def commit(self) -> None:
        """It ended well."""

    def rollback(self) -> None:
        """It ended otherwise, and nobody reads `text`."""

    def writer(self, replacement: bool = False) -> dns.transaction.Transaction:
        """As dnspython asks for it; of a transaction it calls what is above."""
        self.changes = None if replacement else Changes(self._origin)
        return cast(dns.transaction.Transaction, self)

    def origin_information(self) -> tuple[dns.name.Name | None, bool, dns.name.Name | None]:
        """All names are absolute."""
        return self._origin, False, self._origin

    def get_class(self) -> dns.rdataclass.RdataClass:
        """Only IN is served."""
        return dns.rdataclass.IN
