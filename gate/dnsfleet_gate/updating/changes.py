"""What RFC 2136 says an UPDATE does, without sockets and storage.

The order is that of BIND: zone section, a scan of the update section, and the prerequisites, each
of which ends the message with nothing applied, then the changes one after the other. Section 3 has
the prerequisites before the scan; in this order a malformed message gets the same code whatever is
in the zone. Some changes are ignored without an error, as section 3.4.2 has it. Who may change what
is not decided here.
"""

import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.update
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from dnsfleet_gate.updating.rrsets import Changes, Key, Layer, RRsets, same

_NEVER_DATA = frozenset({RdataType.AXFR, RdataType.IXFR, RdataType.MAILA, RdataType.MAILB})
_BESIDE_CNAME = frozenset({RdataType.CNAME, RdataType.RRSIG, RdataType.NSEC, RdataType.KEY})
"""Types that a name with a CNAME may have (RFC 4034 section 2.5, RFC 3007 section 4.3)."""
_ONE_RDATA = frozenset({RdataType.CNAME, RdataType.DNAME})
"""Types of which a new record takes the place of the old one (RFC 2136 section 3.4.2.2, RFC 6672
section 2.4)."""


class UpdateError(Exception):
    """The message is answered with this code, and nothing of it is applied."""

    def __init__(self, rcode: dns.rcode.Rcode, why: str = "") -> None:
        super().__init__(why or dns.rcode.to_text(rcode))
        self.rcode = rcode
        self.why = why
        """For people; empty where the code says it all."""


def check_zone(message: dns.update.UpdateMessage) -> dns.name.Name:
    """The origin that a message is about (section 3.1.1); FORMERR where it is not exactly one."""
    if len(message.zone) != 1 or message.zone[0].rdtype != RdataType.SOA:
        raise UpdateError(dns.rcode.FORMERR)
    return message.zone[0].name


def check_prerequisites(message: dns.update.UpdateMessage, zone: RRsets) -> None:
    """UpdateError where a prerequisite is malformed or does not hold (section 3.2.5)."""
    origin = check_zone(message)
    wanted: dict[Key, Rdataset] = {}
    for each in message.prerequisite:
        if each.ttl != 0:
            raise UpdateError(dns.rcode.FORMERR)
        if not each.name.is_subdomain(origin):
            raise UpdateError(dns.rcode.NOTZONE)
        if each.deleting is not None:
            _check_presence(each, zone)
        elif each.rdclass == message.zone[0].rdclass and len(each) == 1:
            value = wanted.setdefault((each.name, each.rdtype), _empty(each))
            value.add(each[0])
        else:
            raise UpdateError(dns.rcode.FORMERR)
    for key, value in wanted.items():
        found = zone.get(key)
        if found is None or set(found) != set(value):
            raise UpdateError(dns.rcode.NXRRSET)


def _check_presence(each: dns.rrset.RRset, zone: RRsets) -> None:
    """What is asked of a name or RRset without its data (sections 2.4.1, 2.4.3 to 2.4.5)."""
    if len(each) != 0:
        raise UpdateError(dns.rcode.FORMERR)
    whole_name = each.rdtype == RdataType.ANY
    types = zone.types(each.name)
    there = bool(types) if whole_name else each.rdtype in types
    if each.deleting == dns.rdataclass.ANY and not there:
        raise UpdateError(dns.rcode.NXDOMAIN if whole_name else dns.rcode.NXRRSET)
    if each.deleting == dns.rdataclass.NONE and there:
        raise UpdateError(dns.rcode.YXDOMAIN if whole_name else dns.rcode.YXRRSET)


def check_changes(message: dns.update.UpdateMessage) -> None:
    """UpdateError where a change is malformed or outside of the zone (section 3.4.1.3)."""
    origin = check_zone(message)
    for each in message.update:
        if not each.name.is_subdomain(origin):
            raise UpdateError(dns.rcode.NOTZONE)
        if each.rdtype in _NEVER_DATA:
            raise UpdateError(dns.rcode.FORMERR)
        if each.deleting is None:
            wrong = each.rdclass != message.zone[0].rdclass or len(each) != 1
        elif each.deleting == dns.rdataclass.ANY:
            wrong = each.ttl != 0 or len(each) != 0
        else:
            wrong = each.ttl != 0 or len(each) != 1
        everything = each.deleting == dns.rdataclass.ANY
        if wrong or (each.rdtype == RdataType.ANY and not everything):
            raise UpdateError(dns.rcode.FORMERR)


def of(message: dns.update.UpdateMessage, zone: RRsets) -> Changes:
    """What differs behind all changes (section 3.4.2.7), RRset by RRset; `zone` stays as it is.

    The SOA and the NS records of the apex are not changed: they come from the Zone.
    """
    origin, made = check_zone(message), Layer(zone)
    for each in message.update:
        if each.deleting is None:
            _add(each, made, origin)
        elif each.rdtype == RdataType.ANY:
            for rtype in made.types(each.name):
                if not is_of_zone((each.name, rtype), origin):
                    made.put((each.name, rtype), None)
        elif not is_of_zone((each.name, each.rdtype), origin):
            _delete(each, made)
    return {key: new for key, new in made.changes.items() if not same(zone.get(key), new)}


def is_of_zone(key: Key, origin: dns.name.Name) -> bool:
    """Whether an RRset is the SOA of the zone, or the NS of its apex."""
    return key[1] == RdataType.SOA or key == (origin, RdataType.NS)


def _add(each: dns.rrset.RRset, made: Layer, origin: dns.name.Name) -> None:
    key = (each.name, each.rdtype)
    if is_of_zone(key, origin):
        return
    others = set(made.types(each.name))
    if each.rdtype == RdataType.CNAME and others - _BESIDE_CNAME:
        return
    if RdataType.CNAME in others and each.rdtype not in _BESIDE_CNAME:
        return
    value = _own(key, made)
    if value is None or each.rdtype in _ONE_RDATA:
        value = _empty(each)
    value.add(each[0])
    value.ttl = each.ttl  # an RRset has one, and the newest is meant (RFC 2181 section 5.2)
    made.put(key, value)


def _delete(each: dns.rrset.RRset, made: Layer) -> None:
    key = (each.name, each.rdtype)
    value = _own(key, made)
    if value is None:
        return
    if each.deleting == dns.rdataclass.NONE:
        value.discard(each[0])  # type: ignore[no-untyped-call]
    else:
        value = _empty(value)
    made.put(key, value if value else None)


def _own(key: Key, made: Layer) -> Rdataset | None:
    """An RRset that may be changed in place; a copy for each change would be quadratic work."""
    if key in made.changes:
        return made.changes[key]
    found = made.get(key)
    if found is None:
        return None
    copied: Rdataset = found.copy()  # type: ignore[no-untyped-call]
    return copied


def _empty(each: Rdataset) -> Rdataset:
    """One without records of the same class and type."""
    return Rdataset(each.rdclass, each.rdtype, each.covers, each.ttl)
