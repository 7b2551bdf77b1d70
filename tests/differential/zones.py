"""Random zones: few names with many records, so that many rules apply in one zone.

Each draw is a place: a zone, and perhaps another zone at one of its cuts. Each zone is signed or
not (`signing`), with NSEC, NSEC3 or NSEC3 with opt-out. All names of a place get one more label at
the end when it is served, so that many places fit into one server and never see each other.

What the standards leave undefined is left out: NS and DNAME at a wildcard (RFC 4592 section 4.2 and
4.4). So is what servers refuse to load: CNAME beside other data, names below a DNAME.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hypothesis import strategies as st
from support.names import Name, folded, is_below, octets, to_text

from differential.signing import SIGNINGS, Signing

# RFC 1035 section 2.3.4, without the label of the place.
MOST_OCTETS = 255 - 7
LONGEST_PLACE = b"x" * 6
MOST_OWNERS = 8
FOREIGN = "ns1.example.net."
TTLS = st.sampled_from([0, 60, 300, 86_400, 2**31 - 1])

# Few, so that names collide; letter case, dots, spaces, escapes, 8-bit octets, and the longest.
LABELS = st.sampled_from(
    [
        *(b"a", b"b", b"c", b"www", b"*", b"*", b"*", b"A", b"Ab", b"_tcp", b"**", b"*a", b"1"),
        *(b"a.b", b"a b", b"\\", b'"', b"@", b"$", b"(;)", b"[`", b"{@", b"-", b"x" * 63),
        *(b"\x00", b"\xff", b"\xc4\xd6", b"\xe4"),
    ]
)
ORIGINS = st.lists(LABELS.filter(lambda label: label != b"*"), max_size=2).map(tuple)

Data = tuple[Name | str, ...]


class Record(NamedTuple):
    """Names in the data are relative to the place; strings are presentation form."""

    owner: Name
    ttl: int
    rtype: str
    data: Data


class Zone(NamedTuple):
    """A zone as the records of its master file."""

    origin: Name
    records: tuple[Record, ...]
    signing: Signing | None = None

    def to_text(self, place: bytes) -> str:
        """The master file, not signed, with all names below a place."""
        return "".join(
            f"{to_text((*owner, place))} {ttl} IN {rtype} {_to_text(data, place)}\n"
            for owner, ttl, rtype, data in self.records
        )


Place = tuple[Zone, ...]


def _to_text(data: Data, place: bytes) -> str:
    return " ".join(field if isinstance(field, str) else to_text((*field, place)) for field in data)


class _Nodes:
    """The records of a zone while it is made; what a zone may not have is left out."""

    def __init__(self, origin: Name) -> None:
        self.origin = folded(origin)
        self.rrsets: dict[Name, dict[str, list[Record]]] = {}

    def add(self, record: Record) -> None:
        owner = folded(record.owner)
        names = [field for field in (record.owner, *record.data) if not isinstance(field, str)]
        if any(octets(name) > MOST_OCTETS for name in names):
            return
        if self._is_forbidden(owner, record.rtype):
            return
        rrset = self.rrsets.setdefault(owner, {}).setdefault(record.rtype, [])
        if not rrset:
            rrset.append(record)
        elif record.rtype not in ("SOA", "CNAME", "DNAME") and all(
            _folded(record.data) != _folded(other.data) for other in rrset
        ):
            rrset.append(record._replace(ttl=rrset[0].ttl))

    def _is_forbidden(self, owner: Name, rtype: str) -> bool:
        others = self.rrsets.get(owner, {}).keys() - {rtype}
        is_apex = owner == self.origin
        return (
            not (is_apex or is_below(owner, self.origin))
            or any(
                "DNAME" in types and is_below(owner, other) for other, types in self.rrsets.items()
            )
            or (rtype == "DNAME" and any(is_below(other, owner) for other in self.rrsets))
            or ("CNAME" in others or (rtype == "CNAME" and bool(others)))
            or (not is_apex and {"NS", "DNAME"} <= others | {rtype})
            or (rtype in ("NS", "DS", "DNAME") and owner[:1] == (b"*",))
        )

    def records(self) -> Iterator[Record]:
        for types in self.rrsets.values():
            for rrset in types.values():
                yield from rrset


def _folded(data: Data) -> tuple[object, ...]:
    return tuple(field.lower() if isinstance(field, str) else folded(field) for field in data)


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A zone, in one of three with another one at a cut of it."""
    parent = draw(zones(draw(ORIGINS)))
    cuts = sorted(
        {record.owner for record in parent.records if record.rtype == "NS"} - {parent.origin}
    )
    if not cuts or draw(st.integers(0, 2)):
        return (parent,)
    child = draw(zones(draw(st.sampled_from(cuts))))
    # NSD refuses a DNAME over names that it has from the other zone.
    owners = [(folded(r.owner), r.rtype) for r in (*parent.records, *child.records)]
    redirected = [owner for owner, rtype in owners if rtype == "DNAME"]
    if any(is_below(owner, above) for owner, _ in owners for above in redirected):
        return (parent,)
    return parent, child


@st.composite
def zones(draw: st.DrawFn, origin: Name) -> Zone:
    """A zone with names at, above and below each other."""
    nodes = _Nodes(origin)
    minimum = draw(TTLS)
    soa = (FOREIGN, "host.example.net.", "1", "7200", "900", "1209600", str(minimum))
    nodes.add(Record(origin, draw(TTLS), "SOA", soa))
    server: Name | str = FOREIGN
    if draw(st.booleans()):
        server = (b"ns", *origin)
        nodes.add(Record(server, 60, "A", ("192.0.2.53",)))
    nodes.add(Record(origin, draw(TTLS), "NS", (server,)))
    owners = draw(_owners(origin))
    targets: list[Name | str] = [*owners, *((b"a", *owner) for owner in owners)]
    leading = st.sampled_from([*targets, (b"elsewhere",), FOREIGN])
    for owner in owners:
        kind = draw(st.sampled_from(KINDS if owner != origin else APEX_KINDS))
        for record in draw(kind(owner, draw(TTLS), leading)):
            nodes.add(record)
    signing = draw(st.sampled_from([None, None, *SIGNINGS]))
    if signing and not signing.fits((*origin, LONGEST_PLACE)):
        signing = None
    return Zone(origin, tuple(nodes.records()), signing)


@st.composite
def _owners(draw: st.DrawFn, origin: Name) -> list[Name]:
    """Names below the origin, many of them below one that was drawn before."""
    names = [origin]
    for _ in range(draw(st.integers(1, MOST_OWNERS))):
        above = draw(st.sampled_from(names))
        prefix = draw(st.lists(LABELS, min_size=1, max_size=2))
        names.append((*prefix, *above))
    # The apex has data of its own in some zones only.
    return names[draw(st.integers(0, 1)) :]


Targets = st.SearchStrategy[Name | str]
Records = st.SearchStrategy[list[Record]]
Kind = Callable[[Name, int, Targets], Records]
"""RRsets that an owner may have, from its name, a TTL and names for targets."""


def _hosts(owner: Name, ttl: int, targets: Targets) -> Records:
    ipv4 = st.lists(st.integers(1, 9), min_size=1, max_size=3)
    ipv6 = st.lists(st.integers(1, 9), max_size=2)
    return st.builds(
        lambda a, aaaa: [
            *(Record(owner, ttl, "A", (f"192.0.2.{n}",)) for n in a),
            *(Record(owner, ttl, "AAAA", (f"2001:db8::{n}",)) for n in aaaa),
        ],
        ipv4,
        ipv6,
    )


def _one(rtype: str, *before: str) -> Kind:
    """Records of one type that end in a name."""

    def kind(owner: Name, ttl: int, targets: Targets) -> Records:
        return st.lists(targets, min_size=1, max_size=3).map(
            lambda names: [Record(owner, ttl, rtype, (*before, name)) for name in names]
        )

    return kind


def _service(rtype: str) -> Kind:
    """A service, its hosts, and names that it is an alias of (RFC 9460 section 2.4)."""

    def kind(owner: Name, ttl: int, targets: Targets) -> Records:
        near: Targets = st.sampled_from([".", owner, (b"host", *owner), (b"a", *owner)])
        fields = st.tuples(st.integers(0, 2), near | targets)
        services = st.lists(fields, min_size=1, max_size=3).map(
            lambda drawn: [
                Record(owner, ttl, rtype, (str(priority), name)) for priority, name in drawn
            ]
        )
        hosts = [_hosts(name, ttl, targets) for name in (owner, (b"host", *owner))]
        nested = _service_records((b"a", *owner), ttl, rtype)
        parts = st.tuples(services, *(part | st.just([]) for part in (*hosts, nested)))
        return parts.map(lambda drawn: [record for part in drawn for record in part])

    return kind


def _service_records(owner: Name, ttl: int, rtype: str) -> Records:
    target: Name | str = "."
    return st.just([Record(owner, ttl, rtype, ("1", target))])


def _others(owner: Name, ttl: int, targets: Targets) -> Records:
    texts = [("TXT", ('"one" "two"',)), ("TYPE65280", ("\\# 3 010203",)), ("CAA", ('0 issue "x"',))]
    return st.lists(st.sampled_from(texts), min_size=1).map(
        lambda drawn: [Record(owner, ttl, rtype, data) for rtype, data in drawn]
    )


def _large(owner: Name, ttl: int, targets: Targets) -> Records:
    """Data for about a datagram, or more."""
    return st.integers(4, 16).map(
        lambda count: [Record(owner, ttl, "TXT", (f'"{n:0100}"',)) for n in range(count)]
    )


def _cut(owner: Name, ttl: int, targets: Targets) -> Records:
    """Name servers below the cut, elsewhere in the zone, and outside of it."""
    below = st.sampled_from([(label, *owner) for label in (b"ns", b"NS", b"a", b"x" * 60)])
    glue = st.lists(st.tuples(below, st.sampled_from(["A", "AAAA"])), max_size=6)

    def records(servers: list[Name | str], glue: list[tuple[Name, str]], ds: bool) -> list[Record]:
        addresses = {"A": "192.0.2.7", "AAAA": "2001:db8::7"}
        digest = "1 8 2 " + "ab" * 32
        return [
            *(Record(owner, ttl, "NS", (server,)) for server in servers),
            *(Record(host, 60, rtype, (addresses[rtype],)) for host, rtype in glue),
            *([Record(owner, ttl, "DS", (digest,))] if ds else []),
        ]

    servers = st.lists(below | targets, min_size=1, max_size=5)
    return st.builds(records, servers, glue, st.booleans())


def _wide_cut(owner: Name, ttl: int, targets: Targets) -> Records:
    """So many servers that not all of their glue fits."""
    return st.integers(8, 20).map(
        lambda count: [
            record
            for n in range(count)
            for record in _server(owner, ttl, (b"server-%d" % n, *owner), n)
        ]
    )


def _chain(owner: Name, ttl: int, targets: Targets) -> Records:
    """A chain of aliases, shorter or longer than servers follow."""

    def records(length: int, target: Name | str) -> list[Record]:
        names = [(b"c%d" % number, *owner) for number in range(length)]
        return [
            Record(name, ttl, "CNAME", (following,))
            for name, following in zip(names, [*names[1:], target], strict=True)
        ]

    return st.builds(records, st.integers(3, 20), targets)


def _server(owner: Name, ttl: int, host: Name, number: int) -> Iterable[Record]:
    yield Record(owner, ttl, "NS", (host,))
    yield Record(host, ttl, "AAAA", (f"2001:db8::{number}",))


_cname, _dname = _one("CNAME"), _one("DNAME")
_svcb, _https = _service("SVCB"), _service("HTTPS")
APEX_KINDS = [_hosts, _dname, _one("MX", "10"), _one("SRV", "1 2 3"), _https, _others, _large]
KINDS = [*APEX_KINDS, _hosts, _others, _one("PTR"), _dname, _cname, _cname, _cname, _cut, _cut]
KINDS += [_wide_cut, _chain, _svcb, _https]
