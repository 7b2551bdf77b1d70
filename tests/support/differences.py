"""Why two correct servers may answer one query differently: rules, each with its reason.

A rule takes the part of a difference that it explains out of both replies. What is left must be
equal, so that several rules can be true of one query, and none hides more than it is about. Each
pair of replies is looked at twice: over TCP, where size is no matter, and as it was asked for.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from support.wire import AUTHORITATIVE, OPT, Record, Reply, is_at_or_below

A, NS, CNAME, AAAA, DNAME, DS, RRSIG, NSEC, ANY = 1, 2, 5, 28, 39, 43, 46, 47, 255
NOERROR, SERVFAIL, NXDOMAIN, YXDOMAIN = 0, 2, 3, 6
EXTENDED_ERROR = 15
# Owner as a pointer, type, class, TTL, length: what a record needs besides its rdata.
LEAST_RECORD = 12
# Aliases that are followed: RFC 1034 section 3.6.2 leaves it to the server. We stop at 16.
MOST_ALIASES = {"knotd": 5, "named": 11}
OUR_MOST_ALIASES = 16
# What is known of one server counts only where another one answers as we do.
CONFIRMED = 1


class Pair(NamedTuple):
    """Two replies to one query, and how many octets each has on the wire."""

    ours: Reply
    theirs: Reply
    our_size: int
    their_size: int

    def settled(self) -> "Pair":
        """With nothing left to explain."""
        return self._replace(theirs=self.ours)

    @property
    def is_equal(self) -> bool:
        return self.ours == self.theirs


class Difference(NamedTuple):
    """Two replies that differ."""

    server: str
    qtype: int
    limit: int
    """Octets that client and servers allow for a datagram."""
    nested: bool
    """Whether the zone or one below it may be the one that answers."""
    asked: Pair
    whole: Pair
    """What both say over TCP."""
    agreeing: int = 0
    """How many other servers answer as we do, or with a difference that is explained."""

    @property
    def is_equal(self) -> bool:
        return self.asked.is_equal and self.whole.is_equal

    def each(self, settle: Callable[[Pair], Pair]) -> "Difference":
        """The same done to both pairs."""
        return self._replace(asked=settle(self.asked), whole=settle(self.whole))


class Rule(NamedTuple):
    """A reason for differences: `settle` takes out what it explains."""

    reason: str
    section: str
    settle: Callable[[Difference], Difference]


def explain(difference: Difference) -> list[Rule]:
    """The rules that explain a difference together; empty where some of it is a server's fault."""
    used = []
    for rule in RULES:
        settled = rule.settle(difference)
        if settled != difference:
            used.append(rule)
            difference = settled
    return used if difference.is_equal else []


def _extended_errors(difference: Difference) -> Difference:
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


def _authority_of_answer(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_optional = (
            theirs.answer
            and theirs.flags & AUTHORITATIVE
            and not ours.authority
            and _only(theirs.authority, NS)
        )
        if not is_optional:
            return pair
        extra = _more_addresses(theirs, ours, theirs.authority)
        theirs = theirs._replace(authority=frozenset(), additional=theirs.additional - extra)
        return pair._replace(theirs=theirs)

    return difference.each(settle)


def _sibling_glue(difference: Difference) -> Difference:
    ours, theirs = difference.whole.ours, difference.whole.theirs
    if difference.server != "named" or not _only(ours.authority, NS):
        return difference
    cut = _owner(ours.authority)
    extra = _more_addresses(ours, theirs, ours.authority)
    return _without(difference, {r for r in extra if not is_at_or_below(r.owner, cut)})


def _addresses_below_cuts(difference: Difference) -> Difference:
    """NSD and BIND add addresses of hosts that an answer names only where they are not glue."""
    ours, theirs = difference.whole.ours, difference.whole.theirs
    is_answer = ours.answer == theirs.answer and not ours.authority
    if difference.server not in ("nsd", "named") or not is_answer:
        return difference
    return _without(difference, _more_addresses(ours, theirs, ours.answer))


def _without(difference: Difference, extra: Collection[Record]) -> Difference:
    """With additional records taken out of our replies."""
    return difference.each(
        lambda pair: pair._replace(
            ours=pair.ours._replace(additional=pair.ours.additional.difference(extra))
        )
    )


def _endless_aliases(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_same_chain = ours.answer <= theirs.answer or theirs.answer <= ours.answer
        is_alike = is_same_chain and theirs.rcode in (NOERROR, SERVFAIL, YXDOMAIN)
        is_alike = is_alike and not ours.authority and not theirs.authority
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
    return grows or len(targets) == OUR_MOST_ALIASES or _leads_back(reply.qname, targets)


def _leads_back(name: bytes, targets: dict[bytes, bytes]) -> bool:
    seen = set()
    while name in targets and name not in seen:
        seen.add(name)
        name = targets[name]
    return name in seen


def _repeated_records(difference: Difference) -> Difference:
    def settle(pair: Pair) -> Pair:
        theirs = pair.theirs._replace(repeated=pair.ours.repeated)
        return pair if pair.ours.repeated else pair._replace(theirs=theirs)

    return difference.each(settle) if difference.server == "knotd" else difference


def _short_chains(difference: Difference) -> Difference:
    most = MOST_ALIASES.get(difference.server)

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        followed = sum(record.rtype == CNAME for record in theirs.answer)
        is_cut_off = theirs.answer < ours.answer and not theirs.authority and followed == most
        is_cut_off = is_cut_off and theirs.rcode in (NOERROR, SERVFAIL)
        return pair.settled() if is_cut_off and not ours.repeated else pair

    return difference.each(settle)


def _alias_into_served_child(difference: Difference) -> Difference:
    """We go on to the parent's side of the cut: a referral or DS; they stop at the alias."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        further = {record.rtype for record in ours.answer - theirs.answer}
        stops = (
            {record.rtype for record in theirs.answer} in ({CNAME}, {CNAME, DNAME})
            and theirs.answer <= ours.answer
            and not theirs.authority
            and ours.flags == theirs.flags
        )
        is_at_cut = _only(ours.authority, NS) or difference.qtype == DS
        return pair.settled() if stops and is_at_cut and further <= {DS} else pair

    return difference.each(settle) if difference.server in ("nsd", "named") else difference


def _any_at_alias(difference: Difference) -> Difference:
    """BIND does not look up what a DNAME made of the name."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        stops = theirs.answer <= ours.answer and any(r.rtype == DNAME for r in theirs.answer)
        if not stops or theirs.authority or theirs.rcode != NOERROR:
            return pair
        return pair.settled()

    is_known = difference.server == "named" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype == ANY else difference


def _types_beside_alias(difference: Difference) -> Difference:
    """NSD follows an alias that it is asked for RRSIG or NSEC of."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        follows = ours.answer < theirs.answer and any(r.rtype == CNAME for r in theirs.answer)
        return pair.settled() if follows else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.qtype in (RRSIG, NSEC) else difference


def _ds_after_alias(difference: Difference) -> Difference:
    """NSD has DS from above the apex that an alias leads to, although the alias is below it."""

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        more = {record.rtype for record in theirs.answer - ours.answer}
        is_alike = ours.answer < theirs.answer and more == {DS} and ours.flags == theirs.flags
        return pair.settled() if is_alike else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.nested else difference


def _names_of_parent(difference: Difference) -> Difference:
    """NSD takes a name as existing that only the zone above has, hidden by its cut.

    So it answers NODATA for NXDOMAIN or for what a wildcard expands to, or the other way round.
    """

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        is_about_existence = {ours.rcode, theirs.rcode} <= {NOERROR, NXDOMAIN}
        is_alike = ours.flags & theirs.flags & AUTHORITATIVE and not theirs.answer - ours.answer
        return pair.settled() if is_about_existence and is_alike else pair

    is_known = difference.server == "nsd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known and difference.nested else difference


def _names_that_are_too_long(difference: Difference) -> Difference:
    """Knot goes on at the target of a DNAME whose new name is too long."""

    def settle(pair: Pair) -> Pair:
        goes_on = pair.ours.rcode == YXDOMAIN and pair.ours.answer <= pair.theirs.answer
        return pair.settled() if goes_on else pair

    is_known = difference.server == "knotd" and difference.agreeing >= CONFIRMED
    return difference.each(settle) if is_known else difference


def _some_of_any(difference: Difference) -> Difference:
    """Both answer with whole RRsets of the name, we with all of them over TCP."""
    every = difference.whole.ours.answer

    def settle(pair: Pair) -> Pair:
        ours, theirs = pair.ours, pair.theirs
        extra = theirs.additional - ours.additional
        is_alike = (
            ours.flags == theirs.flags
            and ours.authority == theirs.authority == frozenset()
            and _is_some_rrsets(ours.answer, every)
            and _is_some_rrsets(theirs.answer, every)
            # Addresses of the hosts that an RRset names may follow.
            and extra == _more_addresses(theirs, ours, theirs.answer)
        )
        return pair.settled() if is_alike else pair

    return difference.each(settle) if difference.qtype == ANY else difference


def _is_some_rrsets(records: frozenset[Record], every: frozenset[Record]) -> bool:
    types = {record.rtype for record in records}
    return bool(records) and records == {record for record in every if record.rtype in types}


def _glue_that_fits(difference: Difference) -> Difference:
    """Over TCP both say the same; over UDP each address that we leave out has no room."""
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


def _glue_that_must_fit(difference: Difference) -> Difference:
    """We truncate, they leave out glue that the client may need."""
    asked, whole = difference.asked, difference.whole.ours
    ours, theirs = asked.ours, asked.theirs
    if not difference.whole.is_equal or not _only(whole.authority, NS):
        return difference
    cut = _owner(whole.authority)
    left_out = {record for record in whole.additional if is_at_or_below(record.owner, cut)}
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


def _truncation(difference: Difference) -> Difference:
    """What one of them truncates does not fit; ours has nothing but parts of the whole."""
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


RULES = [
    Rule(
        "an extended error tells people more",
        "RFC 8914 section 2",
        _extended_errors,
    ),
    Rule(
        "an answer may name the servers of its zone",
        "RFC 1034 section 3.7",
        _authority_of_answer,
    ),
    Rule(
        "BIND adds no glue of sibling zones",
        "RFC 9471 section 3.2",
        _sibling_glue,
    ),
    Rule(
        "addresses from below a cut need not follow an answer that names their hosts",
        "RFC 1034 section 4.3.2 step 6",
        _addresses_below_cuts,
    ),
    Rule(
        "Knot repeats what a chain of aliases comes by again; a section is a set of records",
        "RFC 2181 section 5",
        _repeated_records,
    ),
    Rule(
        "endless aliases end somewhere, in NOERROR, SERVFAIL or YXDOMAIN",
        "RFC 1034 section 3.6.2, RFC 6672 section 2.2",
        _endless_aliases,
    ),
    Rule(
        "the server follows fewer aliases than we do",
        "RFC 1034 section 3.6.2",
        _short_chains,
    ),
    Rule(
        "an alias leads to a cut whose zone is served too: the parent's side of it, or nothing",
        "RFC 1034 section 4.3.2 step 3",
        _alias_into_served_child,
    ),
    Rule(
        "BIND looks up no alias for ANY, not even one that a DNAME made",
        "RFC 6672 section 3.2",
        _any_at_alias,
    ),
    Rule(
        "NSD follows an alias that it is asked for RRSIG or NSEC of",
        "RFC 4035 section 2.5",
        _types_beside_alias,
    ),
    Rule(
        "NSD answers DS at an apex from the zone above, also behind an alias of the zone below",
        "RFC 4035 section 3.1.4.1",
        _ds_after_alias,
    ),
    Rule(
        "NSD keeps a zone and the one above in one tree, so names below the cut exist in both",
        "RFC 1034 section 4.2.1",
        _names_of_parent,
    ),
    Rule(
        "Knot goes on at the target of a DNAME although the name is too long",
        "RFC 6672 section 2.2",
        _names_that_are_too_long,
    ),
    Rule(
        "ANY is answered by RRsets of the server's choice, by us over TCP by all",
        "RFC 8482 section 4.1",
        _some_of_any,
    ),
    Rule(
        "names compress differently, so other optional glue fits into a datagram",
        "RFC 9471 section 3.2, RFC 2181 section 9",
        _glue_that_fits,
    ),
    Rule(
        "glue that must fit does not: we truncate, as that RFC asks, they leave it out",
        "RFC 9471 section 3.1",
        _glue_that_must_fit,
    ),
    Rule(
        "the whole does not fit, and what is left of it is for nobody to use",
        "RFC 2181 section 9",
        _truncation,
    ),
]


def _more_addresses(more: Reply, other: Reply, naming: frozenset[Record]) -> frozenset[Record]:
    """The address RRsets that only one reply adds, for hosts that records of it name."""
    known = {(record.owner, record.rtype) for record in other.additional}
    return frozenset(
        record
        for record in more.additional
        if record.rtype in (A, AAAA)
        and (record.owner, record.rtype) not in known
        and any(naming_one.rdata.endswith(record.owner) for naming_one in naming)
    )


def _only(records: frozenset[Record], rtype: int) -> bool:
    """Whether there are records, all of one type and owner."""
    return len({record.owner for record in records}) == 1 and {r.rtype for r in records} == {rtype}


def _owner(records: frozenset[Record]) -> bytes:
    return next(iter(records)).owner


def _sizes(records: frozenset[Record]) -> list[int]:
    """The least size in octets of each RRset."""
    sizes: dict[tuple[bytes, int], int] = {}
    for record in records:
        if record.rtype != OPT:
            key = record.owner, record.rtype
            sizes[key] = sizes.get(key, 0) + LEAST_RECORD + len(record.rdata)
    return list(sizes.values())
