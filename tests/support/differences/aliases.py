"""Aliases: where each server stops following them, and how it treats their targets."""

from support.differences.pairs import CONFIRMED, Difference, Pair, cut
from support.wire import AUTHORITATIVE, Reply, is_at_or_below

CNAME, DNAME, DS, RRSIG, NSEC, NSEC3, ANY = 5, 39, 43, 46, 47, 50, 255
NOERROR, SERVFAIL, YXDOMAIN = 0, 2, 6
# Aliases that are followed: RFC 1034 section 3.6.2 leaves it to the server. We stop at 16.
MOST_ALIASES = {"knotd": 5, "named": 12}
OUR_MOST_ALIASES = 16


def endless_aliases(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_same_chain = ours.answer <= theirs.answer or theirs.answer <= ours.answer
        is_alike = is_same_chain and theirs.rcode in (NOERROR, SERVFAIL, YXDOMAIN)
        # Of a wildcard that is an alias it may be proved that it stands for the name.
        are_proofs = all(r.covered in (NSEC, NSEC3) for r in ours.authority | theirs.authority)
        is_alike = is_alike and are_proofs
        is_alike = is_alike and not ours.repeated and ours.additional == theirs.additional
        return pair.settled() if is_alike and _is_endless(ours) else pair

    return difference.each(settle)


def _is_endless(reply: Reply) -> bool:
    """Whether aliases lead in a circle, by a DNAME into longer and longer names, or too far."""
    targets = {record.owner: record.rdata for record in reply.answer if record.rtype == CNAME}
    grows = any(
        record.rtype == DNAME and is_at_or_below(record.rdata, record.owner)
        for record in reply.answer
    )
    is_endless = grows or _is_cut_off(reply) or _leads_back(reply.qname, targets)
    return is_endless and reply.qname in targets


def _is_cut_off(reply: Reply) -> bool:
    """Whether we stopped because we follow no more aliases."""
    types = [record.rtype for record in reply.answer if record.rtype != RRSIG]
    return types.count(CNAME) == OUR_MOST_ALIASES and set(types) <= {CNAME, DNAME}


def _leads_back(name: bytes, targets: dict[bytes, bytes]) -> bool:
    seen = set()
    while name in targets and name not in seen:
        seen.add(name)
        name = targets[name]
    return name in seen


def repeated_records(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        theirs = pair.theirs._replace(repeated=pair.ours.repeated)
        return pair if pair.ours.repeated else pair._replace(theirs=theirs)

    return difference.each(settle) if difference.server == "knotd" else difference


def short_chains(difference: Difference) -> Difference:
    most = MOST_ALIASES.get(difference.server)

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        followed = sum(record.rtype == CNAME for record in theirs.answer)
        is_cut_off = theirs.answer <= ours.answer and not theirs.authority and followed == most
        is_cut_off = is_cut_off and theirs.rcode in (NOERROR, SERVFAIL)
        return pair.settled() if is_cut_off and not ours.repeated else pair

    return difference.each(settle)


def long_chains(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        goes_on = ours.answer < theirs.answer and not ours.authority and ours.rcode == NOERROR
        return pair.settled() if goes_on and _is_cut_off(ours) else pair

    return difference.each(settle) if difference.server == "nsd" else difference


def alias_into_served_child(difference: Difference) -> Difference:
    """We follow the alias to the parent's side of a cut (a referral or DS); they stop at it."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        further = {record.covered for record in ours.answer - theirs.answer}
        stops = (
            {record.covered for record in theirs.answer} in ({CNAME}, {CNAME, DNAME})
            and theirs.answer <= ours.answer
            and theirs.authority <= ours.authority
            and all(record.covered in (NSEC, NSEC3) for record in theirs.authority)
            and ours.flags == theirs.flags
        )
        is_at_cut = cut(ours) is not None or difference.qtype == DS
        return pair.settled() if stops and is_at_cut and further <= {DS} else pair

    return difference.each(settle) if difference.server in ("nsd", "named") else difference


def any_at_alias(difference: Difference) -> Difference:
    """BIND does not look up the name that a DNAME gives."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        stops = theirs.answer <= ours.answer and any(r.rtype == DNAME for r in theirs.answer)
        if not stops or theirs.authority or theirs.rcode != NOERROR:
            return pair
        return pair.settled()

    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype == ANY else difference


def types_beside_alias(difference: Difference) -> Difference:
    """NSD follows an alias when it is asked for RRSIG or NSEC of it."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        follows = ours.answer < theirs.answer and any(r.rtype == CNAME for r in theirs.answer)
        return pair.settled() if follows else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype in (RRSIG, NSEC) else difference


def nsec3_at_alias(difference: Difference) -> Difference:
    """NSD does not follow an alias where it is asked for NSEC3, and denies it at the alias."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        stops = theirs.answer < ours.answer and theirs.rcode == NOERROR
        return pair.settled() if stops and theirs.flags & AUTHORITATIVE else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype == NSEC3 else difference


def ds_after_alias(difference: Difference) -> Difference:
    """Where an alias leads to an apex above it, NSD has the DS from the zone above that apex."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        more = {record.covered for record in theirs.answer - ours.answer}
        is_alike = ours.answer < theirs.answer and more == {DS} and ours.flags == theirs.flags
        return pair.settled() if is_alike else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.nested else difference


def names_that_are_too_long(difference: Difference) -> Difference:
    """Knot goes on at the target of a DNAME although the new name is too long."""

    def settle(pair: Pair) -> Pair:
        goes_on = pair.ours.rcode == YXDOMAIN and pair.ours.answer <= pair.theirs.answer
        return pair.settled() if goes_on else pair

    is_known = difference.server == "knotd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference
