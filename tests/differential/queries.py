"""Random queries about a place: for its names, and for names close to them."""

import random
from collections.abc import Callable, Iterator

from support.comparisons import Query
from support.names import Name, octets, to_wire
from support.wire import AUTHENTIC_DATA, CHECKING_DISABLED, RECURSION_DESIRED, Edns

from differential.zones import Place, Zone

MOST_OCTETS = 255
MIXED_CASE = 0.3
# The types that zones have, other types of DNSSEC, ANY, and two types without a mnemonic.
TYPES = [1, 2, 5, 6, 12, 15, 16, 28, 33, 39, 43, 46, 47, 48, 50, 51, 52, 64, 65, 255, 257]
TYPES += [65280, 65281]
FREQUENT = [1, 1, 1, 2, 5, 15, 16, 16, 28, 39, 43, 64, 65, 65, 255]
EDNS = [
    None,
    None,
    Edns(0, False),
    Edns(512, False),
    Edns(513, True),
    Edns(800, False),
    Edns(1232, True),
    Edns(4096, False),
]
# Of queries about places with a signed zone.
EDNS_SIGNED = [
    None,
    Edns(512, True),
    Edns(1232, True),
    Edns(1232, True),
    Edns(1232, False),
    Edns(4096, True),
]
# One of so many queries about a zone with NSEC3 is for the owner of such a record.
HASHED = 12
FLAGS = [RECURSION_DESIRED] * 7 + [0, AUTHENTIC_DATA, CHECKING_DISABLED | RECURSION_DESIRED]
# Labels to put in front of a name; `*` asks for the wildcard itself.
MORE = [b"a", b"b", b"A", b"*", b"zz", b"a.b", b"\xe4", b"\xc4", b"ns", b"server-3"]


def queries(place: Place, label: bytes, count: int, seed: int) -> Iterator[Query]:
    """About a place that is served below `label`."""
    choice = random.Random(seed)
    names = sorted({(*name, label) for zone in place for name in _names(zone)} | {(label,)})
    hashed = sorted({owner for zone in place for owner in _hashed(zone, label)})
    edns = EDNS_SIGNED if any(zone.signing for zone in place) else EDNS
    changes: list[Callable[[Name], Name]] = [
        lambda name: name,
        lambda name: name,
        lambda name: (choice.choice(MORE), *name),
        lambda name: (choice.choice(MORE), *name),
        lambda name: (choice.choice(MORE), choice.choice(MORE), *name),
        lambda name: (choice.choice(MORE), *name[1:]),
        lambda name: name[1:],
        lambda name: _lengthened(name, choice.choice(MORE)),
    ]
    for _ in range(count):
        name = choice.choice(changes)(choice.choice(names))
        # Nothing is asked for above the place.
        if name[-1:] != (label,) or octets(name) > MOST_OCTETS:
            name = choice.choice(names)
        if hashed and not choice.randrange(HASHED):
            name = choice.choice(hashed)
        if choice.random() < MIXED_CASE:
            name = tuple(_mixed(part, choice) for part in name)
        qtype = choice.choice(choice.choice([TYPES, FREQUENT]))
        yield Query(
            to_wire(name),
            qtype,
            choice.choice(edns),
            choice.choice(FLAGS),
            nested=len(place) > 1,
        )


def _names(zone: Zone) -> Iterator[Name]:
    """Owners, names in rdata, and all names between them and the place."""
    for record in zone.records:
        for name in (record.owner, *record.data):
            if not isinstance(name, str):
                for above in range(len(name) + 1):
                    yield name[above:]


def _hashed(zone: Zone, label: bytes) -> Iterator[Name]:
    """The owners of NSEC3 records of a zone, and of some names that have none."""
    if zone.signing and zone.signing.hashing:
        for name in _names(zone):
            hashed = zone.signing.hashing.owner((*name, label))
            yield (hashed, *zone.origin, label)


def _lengthened(name: Name, label: bytes) -> Name:
    """The name with labels in front until no more fit, so that a DNAME makes it too long."""
    room = (MOST_OCTETS - octets(name)) // (len(label) + 1)
    return (label,) * room + name


def _mixed(label: bytes, choice: random.Random) -> bytes:
    return bytes(choice.choice(pair) for pair in zip(label.lower(), label.upper(), strict=True))
