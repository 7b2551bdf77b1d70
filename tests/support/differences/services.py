"""What follows an answer of SVCB or HTTPS: RFC 9460 section 4.1 only recommends it.

We add the addresses of each target and, of one that the owner is an alias of, the records of the
same type. Both replies lose what only one has of it, as far as that server is known for the
difference. Contents of what both have must be equal.
"""

from typing import NamedTuple

from support.differences.pairs import CONFIRMED, Difference, Pair
from support.wire import Record, Reply, is_at_or_below

A, AAAA, CNAME, NSEC, NSEC3, SVCB, HTTPS, ANY = 1, 28, 5, 47, 50, 64, 65, 255
ROOT = b"\x00"
ASTERISK = b"\x01*"
PRIORITY = 2
"""Octets before the target."""


class _Service(NamedTuple):
    """An SVCB or HTTPS record."""

    owner: bytes
    target: bytes
    """The host that has the service, or the name that the owner is an alias of."""
    is_own: bool
    """Whether that is the owner, written as the root."""


def services(difference: Difference) -> Difference:
    """Compare without what only one server adds."""
    ours, theirs = difference.whole.ours, difference.whole.theirs
    found = _services(ours.answer)
    if not found or (ours.answer != theirs.answer and difference.qtype != ANY):
        return difference
    keys = _keys(theirs)
    our_extra = {record for record in ours.additional if _key(record) not in keys}
    keys = _keys(ours)
    their_extra = {record for record in theirs.additional if _key(record) not in keys}
    if difference.qtype == ANY:
        reached = _reached(found, theirs)
        if difference.server == "knotd":
            reached |= {record.owner for record in their_extra if _stands_for(record, reached)}
        their_extra = {record for record in their_extra if record.owner in reached}
        return _without(difference, set(), their_extra)
    if difference.server == "nsd":
        # NSD adds nothing.
        targets = {service.target for service in found}
        return _without(difference, {r for r in our_extra if r.owner in targets}, set())
    if difference.server == "knotd":
        return _as_knot(difference, found, our_extra, their_extra)
    if difference.server == "named":
        return _as_bind(difference, found, our_extra, their_extra)
    return difference


def _as_knot(
    difference: Difference,
    found: list[_Service],
    our_extra: set[Record],
    their_extra: set[Record],
) -> Difference:
    """Without what Knot adds, and what it does not.

    It adds the services of hosts that are no aliases, the owner itself included, and the records of
    a wildcard under the wildcard's name; in a signed zone also what proves that a wildcard has no
    such type. It adds no addresses of an owner that is its own host, and
    finds no target that is written with upper-case letters.
    """
    own = {service.owner for service in found if service.is_own}
    targets = {service.target for service in found}
    wildcards = {record.owner for record in their_extra if record.owner.startswith(ASTERISK)}

    def is_below_wildcard(name: bytes) -> bool:
        return any(is_at_or_below(name, wildcard[len(ASTERISK) :]) for wildcard in wildcards)

    return _without(
        difference,
        {
            record
            for record in our_extra
            if record.owner in own
            or is_below_wildcard(record.owner)
            or (difference.agreeing >= CONFIRMED and record.owner in targets)
        },
        {
            record
            for record in their_extra
            if record.owner in wildcards
            or (record.owner in targets and record.covered in (SVCB, HTTPS))
            or record.covered in (NSEC, NSEC3)
        },
    )


def _as_bind(
    difference: Difference,
    found: list[_Service],
    our_extra: set[Record],
    their_extra: set[Record],
) -> Difference:
    """Without what BIND adds, and what it does not.

    It follows targets through CNAMEs and aliases to their ends. It adds nothing of a target that is
    written as the owner's name, nor what is glue.
    """
    direct = {service.target for service in found}
    itself = {service.target for service in found if service.target == service.owner}
    itself -= {service.target for service in found if service.is_own}
    reached = _reached(found, difference.whole.theirs)
    is_confirmed = difference.agreeing >= CONFIRMED
    return _without(
        difference,
        {
            record
            for record in our_extra
            if record.owner in itself or (is_confirmed and record.owner in direct)
        },
        {
            record
            for record in their_extra
            if record.owner in reached and (record.owner not in direct or record.covered == CNAME)
        },
    )


def _services(records: frozenset[Record]) -> list[_Service]:
    services = []
    for record in records:
        if record.rtype not in (SVCB, HTTPS):
            continue
        priority, target = record.rdata[:PRIORITY], record.rdata[PRIORITY:]
        if target != ROOT:
            services.append(_Service(record.owner, target, is_own=False))
        elif any(priority):
            services.append(_Service(record.owner, record.owner, is_own=True))
    return services


def _reached(found: list[_Service], reply: Reply) -> set[bytes]:
    """The targets, and what they lead to by aliases that the reply has."""
    records = reply.answer | reply.additional
    steps = {(record.owner, record.rdata) for record in records if record.rtype == CNAME}
    steps |= {(service.owner, service.target) for service in _services(records)}
    reached = {service.target for service in found}
    while more := {target for owner, target in steps if owner in reached} - reached:
        reached |= more
    return reached


def _stands_for(record: Record, names: set[bytes]) -> bool:
    """Whether a record is one of a wildcard above some names; Knot leaves it under that name."""
    encloser = record.owner[len(ASTERISK) :]
    is_wildcard = record.owner.startswith(ASTERISK)
    return is_wildcard and any(is_at_or_below(name, encloser) for name in names)


def _key(record: Record) -> tuple[bytes, int, int]:
    return record.owner, record.rtype, record.covered


def _keys(reply: Reply) -> set[tuple[bytes, int, int]]:
    return {_key(record) for record in reply.additional}


def _without(
    difference: Difference, our_extra: set[Record], their_extra: set[Record]
) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        return pair._replace(
            ours=ours._replace(additional=ours.additional - our_extra),
            theirs=theirs._replace(additional=theirs.additional - their_extra),
        )

    return difference.each(settle)
