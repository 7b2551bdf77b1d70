"""Name servers and addresses that a reply has besides its answer."""

from collections.abc import Collection

from support.differences.pairs import CONFIRMED, Difference, Pair, cut, more_addresses, only
from support.wire import AUTHORITATIVE, OPT, Record, is_at_or_below

NS, SVCB, HTTPS = 2, 64, 65
# Owner as a pointer, type, class, TTL, length: what a record needs besides its rdata.
LEAST_RECORD = 12


def authority_of_answer(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        added = theirs.authority - ours.authority
        servers = frozenset(record for record in added if record.covered == NS)
        if not (theirs.answer and theirs.flags & AUTHORITATIVE and only(servers, NS)):
            return pair
        extra = more_addresses(theirs, ours, servers)
        theirs = theirs._replace(
            authority=theirs.authority - servers, additional=theirs.additional - extra
        )
        return pair._replace(theirs=theirs)

    return difference.each(settle)


def sibling_glue(difference: Difference) -> Difference:
    ours, theirs = difference.whole.ours, difference.whole.theirs
    above = cut(ours)
    if difference.server != "named" or above is None:
        return difference
    extra = more_addresses(ours, theirs, ours.authority)
    return _without(difference, {r for r in extra if not is_at_or_below(r.owner, above)})


def glue_from_wildcards(difference: Difference) -> Difference:
    """We give a server below its own cut the address of a wildcard there; BIND does not."""
    ours, theirs = difference.whole.ours, difference.whole.theirs
    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    if not is_known or cut(ours) is None or ours.authority != theirs.authority:
        return difference
    return _without(difference, more_addresses(ours, theirs, ours.authority))


def addresses_below_cuts(difference: Difference) -> Difference:
    """NSD and BIND add addresses of hosts that an answer names only where they are not glue."""
    ours, theirs = difference.whole.ours, difference.whole.theirs
    is_answer = ours.answer == theirs.answer and not ours.authority
    is_answer = is_answer and not any(r.rtype in (SVCB, HTTPS) for r in ours.answer)
    if difference.server not in ("nsd", "named") or not is_answer:
        return difference
    return _without(difference, more_addresses(ours, theirs, ours.answer))


def _without(difference: Difference, extra: Collection[Record]) -> Difference:
    """Our replies without these additional records."""
    return difference.each(
        lambda pair: pair._replace(
            ours=pair.ours._replace(additional=pair.ours.additional.difference(extra))
        )
    )


def glue_that_fits(difference: Difference) -> Difference:
    """Over TCP both are the same; over UDP the addresses that we leave out have no room."""
    asked, whole = difference.asked, difference.whole.ours
    ours, theirs = asked.ours, asked.theirs
    room = difference.limit - asked.our_size
    is_alike = (
        difference.whole.is_equal
        and ours._replace(additional=theirs.additional) == theirs
        and ours.additional <= whole.additional
        and theirs.additional <= whole.additional
        and all(size > room for size in _sizes(whole.additional - ours.additional))
    )
    return difference._replace(asked=asked.settled()) if is_alike else difference


def glue_that_must_fit(difference: Difference) -> Difference:
    """We set TC; they leave out glue that the client may need."""
    asked, whole = difference.asked, difference.whole.ours
    ours, theirs = asked.ours, asked.theirs
    above = cut(whole)
    if not difference.whole.is_equal or above is None:
        return difference
    left_out = {record for record in whole.additional if is_at_or_below(record.owner, above)}
    is_alike = (
        ours.truncated
        and not theirs.truncated
        and ours.answer == theirs.answer == whole.answer
        and theirs.authority == whole.authority
        and theirs.additional <= whole.additional
        and bool(left_out - theirs.additional)
        and bool(left_out - ours.additional)
    )
    return difference._replace(asked=asked.settled()) if is_alike else difference


def _sizes(records: frozenset[Record]) -> list[int]:
    """The least size in octets of each RRset, with its signatures."""
    sizes: dict[tuple[bytes, int], int] = {}
    for record in records:
        if record.rtype != OPT:
            key = record.owner, record.covered
            sizes[key] = sizes.get(key, 0) + LEAST_RECORD + len(record.rdata)
    return list(sizes.values())
