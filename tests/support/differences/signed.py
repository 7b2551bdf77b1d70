"""Proofs in signed zones: records that one server sends and another does not."""

from support.differences.pairs import CONFIRMED, Difference, Pair
from support.wire import AUTHORITATIVE, RRSIG, TRUNCATED, Record

DNAME, NSEC, NSEC3 = 39, 47, 50
NXDOMAIN = 3


def other_proofs(difference: Difference) -> Difference:
    """A server sends fewer or more records of a proof; another one sends the same as we.

    Knot and BIND do not prove that a wildcard is an empty non-terminal. Knot takes a name that
    begins with `*` for the wildcard that stands for it, and an answer to NSEC for a proof. NSD
    proves the closest encloser of a wildcard that is itself asked for. Behind a DNAME it confirms
    nobody (`proofs_behind_dname`), so there a server may just send fewer.
    """
    ours, theirs = difference.whole.ours, difference.whole.theirs
    is_behind_dname = any(record.rtype == DNAME for record in ours.answer)
    is_known = difference.agreeing >= CONFIRMED
    is_known = is_known or (is_behind_dname and theirs.authority < ours.authority)

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        fewer, more = ours.authority - theirs.authority, theirs.authority - ours.authority
        is_alike = theirs._replace(authority=ours.authority) == ours and not (fewer and more)
        return pair.settled() if is_alike and _are_other_proofs(pair) else pair

    return difference.each(settle) if is_known else difference


def proofs_behind_dname(difference: Difference) -> Difference:
    """NSD proves that the name below a DNAME is absent, and not the target that it looks up."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours
        is_alias = any(record.rtype == DNAME for record in ours.answer)
        return pair.settled() if is_alike and is_alias and _are_other_proofs(pair) else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def some_signatures(difference: Difference) -> Difference:
    """Knot answers RRSIG with the signatures of one RRset, and does not prove that a wildcard may
    stand for the name; we send all, or truncate.
    """
    every = difference.whole.ours.answer

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_some = bool(theirs.answer) and theirs.answer <= every
        is_full = ours.truncated and difference.whole.our_size > difference.limit
        left = ours._replace(flags=ours.flags & ~TRUNCATED) if is_full else ours
        is_alike = theirs._replace(answer=left.answer, authority=left.authority) == left
        fewer, more = ours.authority - theirs.authority, theirs.authority - ours.authority
        is_alike = is_full or (is_alike and not more and all(map(_is_proof, fewer)))
        return pair.settled() if is_some and is_alike and ours.answer <= every else pair

    is_known = difference.server == "knotd" and difference.qtype == RRSIG
    return difference.each(settle) if is_known else difference


def names_before_wildcards(difference: Difference) -> Difference:
    """NSD looks only at the siblings of a wildcard for what precedes it, and not below them."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours
        fewer, more = ours.authority - theirs.authority, theirs.authority - ours.authority
        right = [record for record in fewer if record.rtype == NSEC]
        is_known = len(right) == 1 and bool(more) and _covers_wildcard(right[0], ours.qname)
        return pair.settled() if is_alike and is_known and _are_other_proofs(pair) else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def names_below_wildcards(difference: Difference) -> Difference:
    """BIND proves another encloser for names below a `*` that is no first label of theirs."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours
        is_below = b"*" in _canonical(ours.qname)[:-1]
        return pair.settled() if is_alike and is_below and _are_other_proofs(pair) else pair

    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def order_of_zero(difference: Difference) -> Difference:
    """Knot has a label that ends in octet 0 before names below the label without that octet."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_alike = theirs._replace(authority=ours.authority) == ours and 0 in ours.qname[:-1]
        return pair.settled() if is_alike and _are_other_proofs(pair) else pair

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
        is_other = ours.flags == theirs.flags and _are_other_proofs(pair)
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


def _are_other_proofs(pair: Pair) -> bool:
    """Whether only proofs differ, and no record that both have has another next name or type."""
    fewer = pair.ours.authority - pair.theirs.authority
    more = pair.theirs.authority - pair.ours.authority
    is_changed = {_place(record) for record in fewer} & {_place(record) for record in more}
    return not is_changed and all(map(_is_proof, fewer | more))


def _is_proof(record: Record) -> bool:
    return record.covered in (NSEC, NSEC3)


def _covers_wildcard(proof: Record, qname: bytes) -> bool:
    """Whether an NSEC record covers a wildcard that could stand for a name."""
    before, after = _canonical(proof.owner), _canonical(proof.rdata.lower())
    labels = _canonical(qname)
    wildcards = [(*labels[:count], b"*") for count in range(1, len(labels))]
    # The last record covers all that is behind it.
    return any(before < name and (name < after or after <= before) for name in wildcards)


def _canonical(octets: bytes) -> tuple[bytes, ...]:
    """The labels of the name that some octets begin with, from the right; they sort as names do
    (RFC 4034 section 6.1).
    """
    labels = []
    while octets[0]:
        labels.append(octets[1 : octets[0] + 1])
        octets = octets[octets[0] + 1 :]
    return tuple(reversed(labels))


def _place(record: Record) -> tuple[bytes, int]:
    return record.owner, record.rtype
