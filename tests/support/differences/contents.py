"""Other contents: extended errors, ANY, what exists, and replies that were truncated."""

from support.differences.pairs import CONFIRMED, Difference, Pair, more_addresses, only
from support.wire import AUTHORITATIVE, CHECKING_DISABLED, OPT, Record, Reply

NS, SOA, NSEC, ANY = 2, 6, 47, 255
NOERROR, NXDOMAIN = 0, 3
EXTENDED_ERROR = 15


def extended_errors(difference: Difference) -> Difference:
    def without(reply: Reply) -> Reply:
        additional = frozenset(map(_without_extended_error, reply.additional))
        return reply._replace(additional=additional)

    return difference.each(
        lambda pair: pair._replace(ours=without(pair.ours), theirs=without(pair.theirs))
    )


def _without_extended_error(record: Record) -> Record:
    if record.rtype != OPT:
        return record
    kept, at = b"", 0
    while at < len(record.rdata):
        end = at + 4 + int.from_bytes(record.rdata[at + 2 : at + 4])
        if int.from_bytes(record.rdata[at : at + 2]) != EXTENDED_ERROR:
            kept += record.rdata[at:end]
        at = end
    return record._replace(rdata=kept)


def checking_disabled(difference: Difference) -> Difference:
    """BIND copies CD, as validating servers do; to other servers it means nothing."""

    def settle(pair: Pair) -> Pair:
        flags = pair.theirs.flags & ~CHECKING_DISABLED
        return pair._replace(theirs=pair.theirs._replace(flags=flags))

    return difference.each(settle) if difference.server == "named" else difference


def names_of_parent(difference: Difference) -> Difference:
    """To NSD a name exists that only the zone above has, hidden by its cut.

    So it answers NODATA for NXDOMAIN or for what a wildcard expands to, or the other way round.
    """

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_about_existence = {ours.rcode, theirs.rcode} <= {NOERROR, NXDOMAIN}
        is_alike = ours.flags & theirs.flags & AUTHORITATIVE and not theirs.answer - ours.answer
        return pair.settled() if is_about_existence and is_alike else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.nested else difference


def nsec_at_cut(difference: Difference) -> Difference:
    """BIND answers NSEC at a cut from the parent's side, as it does DS."""

    def settle(pair: Pair) -> Pair:
        answers = pair.theirs.flags & AUTHORITATIVE and only(pair.theirs.answer, NSEC)
        is_referral = any(record.rtype == NS for record in pair.ours.authority)
        return pair.settled() if answers and is_referral else pair

    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype == NSEC else difference


def some_of_any(difference: Difference) -> Difference:
    """Both answer with whole RRsets of the name; over TCP we give all of them."""
    every = difference.whole.ours.answer

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        extra = theirs.additional - ours.additional
        is_alike = (
            ours.flags == theirs.flags
            and _is_some_rrsets(ours.answer, every)
            and _is_some_rrsets(theirs.answer, every)
            # Addresses of the hosts that an RRset names may follow.
            and extra == more_addresses(theirs, ours, theirs.answer)
        )
        # What proves that a wildcard stands for the name is for other rules.
        return pair._replace(theirs=ours._replace(authority=theirs.authority)) if is_alike else pair

    return difference.each(settle) if difference.qtype == ANY else difference


def _is_some_rrsets(records: frozenset[Record], every: frozenset[Record]) -> bool:
    # The signatures of each RRset are one by themselves.
    types = {(record.rtype, record.covered) for record in records}
    chosen = {record for record in every if (record.rtype, record.covered) in types}
    return bool(records) and records == chosen


def soa_that_does_not_fit(difference: Difference) -> Difference:
    """Knot leaves the SOA out of a negative answer where the datagram is full, without TC."""
    asked, whole = difference.asked, difference.whole
    leaves_out = (
        difference.server == "knotd"
        and whole.is_equal
        and whole.their_size > difference.limit
        and asked.theirs._replace(authority=asked.ours.authority) == asked.ours
        and not asked.theirs.authority
        and only(asked.ours.authority, SOA)
    )
    return difference._replace(asked=asked.settled()) if leaves_out else difference


def truncation(difference: Difference) -> Difference:
    """A server truncates only what does not fit, and our reply has only parts of the whole."""
    asked, whole = difference.asked, difference.whole
    sizes = []
    if asked.ours.truncated:
        sizes.append(whole.our_size)
    if asked.theirs.truncated:
        sizes.append(whole.their_size)
    is_part = (
        asked.ours.answer <= whole.ours.answer
        and asked.ours.authority <= whole.ours.authority
        and asked.ours.additional <= whole.ours.additional
    )
    if sizes and whole.is_equal and is_part and all(size > difference.limit for size in sizes):
        return difference._replace(asked=asked.settled())
    return difference
