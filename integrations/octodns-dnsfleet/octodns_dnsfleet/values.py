"""A record of octoDNS as an RRset of a RecordSet, and back.

octoDNS writes and reads rdata in presentation form (RFC 1035 section 5) itself. It does so by
plain rules that not every value survives: a space in a NAPTR regexp ends it, and a quote in a CAA
value is not escaped. A value that comes back as another one would be in every plan anew, or worse,
would mean something else. So each value is tried before it is planned: it is written, checked by
dnspython, read, and written again. Three things may come out.

    the same value          it is planned as it is
    another spelling of it  that is planned, so that the next plan is empty
    anything else           the record is refused, with the reason

Names inside rdata end in a dot. In a RecordSet others are relative to the origin, which nobody
means who writes them in octoDNS.
"""

from collections.abc import Mapping
from typing import Any

import dns.exception
import dns.name
import dns.rdata
from octodns.idna import IdnaError, idna_encode  # type: ignore[import-untyped]
from octodns.record import Record  # type: ignore[import-untyped]
from octodns.record.exception import RecordException  # type: ignore[import-untyped]
from octodns.record.rr import Rrset  # type: ignore[import-untyped]

Item = dict[str, Any]
"""One RRset of a RecordSet: `name`, `type`, `ttl` in seconds, `data`."""
Key = tuple[str, str]
"""Owner name in lower case with a dot at its end, and type."""

TYPES = frozenset(
    ("A", "AAAA", "CAA", "CNAME", "DNAME", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY",
     "PTR", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI")
)  # fmt: skip
"""All types of octoDNS that are types of DNS. ALIAS and URLFWD are none."""

MAX_TTL = 2**31 - 1
"""Seconds (RFC 2181 section 8)."""
MAX_DATA = 1000
"""Values of one RRset; more is refused by the API server."""
MAX_DATA_TEXT = 65536
"""Characters of one value, for the same reason."""


_BAD = (RecordException, KeyError, TypeError, ValueError)
"""What octoDNS raises for values that it cannot read or write."""


class UnfitError(ValueError):
    """A record that a RecordSet cannot have; the text says why."""


def key(record: Any) -> Key:
    """The RRset of a record of octoDNS."""
    return record.fqdn, record._type


def item(record: Any) -> Item:
    """The RRset as a RecordSet has it; UnfitError where it cannot."""
    data, _ = _tried(record)
    return {"name": record.name or "@", "type": record._type, "ttl": record.ttl, "data": data}


def as_read_back(record: Any) -> Any:
    """The record as the next plan will read it; UnfitError where a RecordSet cannot have it.

    It is the record itself unless its values are spelled in another way there.
    """
    _, again = _tried(record)
    if hasattr(record, "values"):
        return record if again.values == record.values else record.copy(values=[*again.values])
    return record if again.value == record.value else record.copy(value=again.value)


def key_of(found: Mapping[str, Any], origin: str) -> Key:
    """The RRset of an item, in the spelling of octoDNS; `origin` ends in a dot.

    UnfitError where its name is none.
    """
    name, rtype = str(found["name"]), str(found["type"])
    if name == "@":
        return origin, rtype
    try:
        name = idna_encode(name)
    except IdnaError as error:
        raise UnfitError(f"{name} is no name: {error}") from None
    return (name if name.endswith(".") else f"{name}.{origin}"), rtype


def record(zone: Any, found: Mapping[str, Any], default_ttl: int, source: Any) -> Any:
    """The record of octoDNS that an item is; UnfitError where octoDNS has no such record.

    `default_ttl` is that of an item without a TTL, in seconds.
    """
    name, rtype = key_of(found, zone.name)
    if rtype not in TYPES:
        raise UnfitError(f"octoDNS has no type {rtype}")
    if name != zone.name and not name.endswith(f".{zone.name}"):
        raise UnfitError(f"{name} is not in the zone")
    return _read(zone, name, rtype, found.get("ttl", default_ttl), found["data"], source)


def _tried(record: Any) -> tuple[list[str], Any]:
    """The values of a record in presentation form, and the record that octoDNS reads of them."""
    data = _texts(record)
    if not 0 <= record.ttl <= MAX_TTL:
        raise UnfitError(f"TTL {record.ttl}, at most {MAX_TTL} is allowed")
    if len(data) > MAX_DATA:
        raise UnfitError(f"{len(data)} values, at most {MAX_DATA} are allowed")
    for text in data:
        if len(text) > MAX_DATA_TEXT:
            size = len(text)
            raise UnfitError(f"a value of {size} characters, at most {MAX_DATA_TEXT} are allowed")
        _check(record._type, text)
    again = _read(record.zone, record.fqdn, record._type, record.ttl, data)
    if sorted(_texts(again)) != sorted(data):
        changed = next(text for text in sorted(data) if text not in _texts(again))
        raise UnfitError(f"octoDNS would read {changed} back as another value")
    return data, again


def _texts(record: Any) -> list[str]:
    """The values of a record in presentation form."""
    try:
        return [str(text) for text in record.to_rrset().rdatas]
    except _BAD as error:
        raise UnfitError(str(error)) from None


def _read(zone: Any, name: str, rtype: str, ttl: int, data: Any, source: Any = None) -> Any:
    try:
        rrset = Rrset(name, rtype, int(ttl), data)
        return Record.from_rrset(zone, rrset, lenient=True, source=source)
    except _BAD as error:
        raise UnfitError(f"octoDNS cannot read {', '.join(data)}: {error}") from None


def _check(rtype: str, text: str) -> None:
    """UnfitError where a text is no rdata of a type, or depends on an origin."""
    if "\n" in text or "\r" in text:
        raise UnfitError(f"{text!r} has a line break")
    try:
        dns.rdata.from_text("IN", rtype, text, relativize=False).to_wire()
    except dns.name.NeedAbsoluteNameOrOrigin:
        raise UnfitError(f"a name in {text} has no dot at its end") from None
    except (dns.exception.DNSException, ValueError) as error:
        raise UnfitError(f"{text} is no rdata of this type: {error}") from None
