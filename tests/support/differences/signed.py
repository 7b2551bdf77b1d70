"""Proofs in signed zones: records that one server sends and another does not."""

from support.differences.pairs import CONFIRMED, Difference, Pair
from support.wire import AUTHORITATIVE, Record

DNAME, NSEC, NSEC3 = 39, 47, 50
NXDOMAIN = 3


def other_proofs(difference: Difference) -> Difference:
    """A server sends fewer or more records of a proof; another one sends the same as we.

    Knot and BIND do not prove that a wildcard is an empty non-terminal. Knot takes a name that
    begins with `*` for the wildcard that stands for it, and an answer to NSEC for a proof. NSD
    proves the closest encloser of a wildcard that is itself asked for.
    """

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        fewer, more = ours.authority - theirs.authority, theirs.authority - ours.authority
        is_alike = theirs._replace(authority=ours.authority) == ours and not (fewer and more)
        return pair.settled() if is_alike and all(map(_is_proof, fewer | more)) else pair

    return difference.each(settle) if difference.agreeing >= CONFIRMED else difference


def proofs_behind_dname(difference: Difference) -> Difference:
    """NSD proves that the name below a DNAME is absent, and not the target that it looks up."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours
        is_alias = any(record.rtype == DNAME for record in ours.answer)
        are_proofs = all(map(_is_proof, ours.authority ^ theirs.authority))
        return pair.settled() if is_alike and is_alias and are_proofs else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def order_of_zero(difference: Difference) -> Difference:
    """Knot has a label that ends in octet 0 before names below the label without that octet."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours and 0 in ours.qname[:-1]
        are_proofs = all(map(_is_proof, ours.authority ^ theirs.authority))
        return pair.settled() if is_alike and are_proofs else pair

    is_known = difference.server == "knotd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def below_unsigned_non_terminals(difference: Difference) -> Difference:
    """With opt-out an empty non-terminal may have no NSEC3 record.

    For names below it Knot finds no proof and sends nothing, and NSD proves another next closer
    name.
    """

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_denied = ours.rcode == theirs.rcode == NXDOMAIN and ours.answer == theirs.answer
        if not is_denied or not any(record.rtype == NSEC3 for record in ours.authority):
            return pair
        is_empty = not theirs.flags & AUTHORITATIVE and not theirs.authority
        is_other = ours.flags == theirs.flags and all(
            map(_is_proof, ours.authority ^ theirs.authority)
        )
        is_alike = is_empty if difference.server == "knotd" else is_other
        return pair.settled() if is_alike else pair

    is_known = difference.server in ("knotd", "nsd") and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def both_chains(difference: Difference) -> Difference:
    """BIND proves by the NSEC record of a cut, also where there are NSEC3 records, as we use."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours
        own = {record.covered for record in ours.authority - theirs.authority}
        other = {record.covered for record in theirs.authority - ours.authority}
        return pair.settled() if is_alike and (own, other) == ({NSEC3}, {NSEC}) else pair

    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def _is_proof(record: Record) -> bool:
    return record.covered in (NSEC, NSEC3)
