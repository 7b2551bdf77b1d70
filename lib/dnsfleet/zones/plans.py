"""Plans: a change that removes a large part of a zone is held until somebody approves it.

A wrong selector, an empty file or a lost mount look like a wish to delete. Such a change is held
until the Zone has the annotation `dnsfleet.io/approve` with the hash of exactly this change, or
with several hashes, separated by commas. The hash does not cover the serial, because publishing
sets it and it would differ each time.

What signing makes (see `dnsfleet_engine.Zone.ordinary_rrsets`) counts on neither side, nor is it in
the hash: a new salt replaces half of all RRsets of a zone, and to sign it again, which signers do
every few days, would take an approval back.

Publishing does not set the serial of a signed zone, because that would make the signature of the
SOA bogus. So what changes in it needs a higher serial from who signs it (RFC 1982), else it is
refused.

A zone of several files may lose one of them that is only a small part of it. So a change that
removes anything is held, too, while `parts` has a doubt whether its files are whole.
"""

import hashlib

from dnsfleet_engine import Delta, Zone

from dnsfleet.violations import Violation
from dnsfleet.zones import serials

APPROVE_ANNOTATION = "dnsfleet.io/approve"
MAX_REMOVED_SHARE = 0.3
"""Share of what there is that one change may remove: clean-ups are smaller, accidents larger."""
MIN_REMOVED = 10
"""How many any change may remove, so that small zones can be worked on."""
APEX_RRSETS = 2
"""SOA and NS: a zone with only these is empty for its users."""
REASON = "UnsafePlan"
HASH_DIGITS = 16
"""Hexadecimal digits of a plan hash: 64 bits, short enough to copy by hand."""

MAX_DIFF = 10
"""Records of a held plan that are told: enough to see what it is."""

_HOW = f" with {APPROVE_ANNOTATION}: "


def is_large(removed: int, of: int) -> bool:
    """Whether one change removes too much: RRsets of a zone, records or documents of a file."""
    return removed > MIN_REMOVED and removed > MAX_REMOVED_SHARE * of


def change(old: Zone, new: Zone) -> Delta:
    """What `new` changes; ValueError where the origins differ.

    The serial is left out where publishing sets it, which is where `new` is not signed.
    """
    return old.diff(new if new.signed else new.with_serial(old.serial))


def stale(published: int, new: Zone, *, keeps_serial: bool = False) -> Violation | None:
    """Why a zone cannot follow other content with the serial `published`, or None.

    It is about zones whose serial publishing does not set: signed ones, and with `keeps_serial`
    those whose primaries give it.
    """
    if not (new.signed or keeps_serial) or serials.compare(new.serial, published) == 1:
        return None
    higher = serials.following(published)
    if keeps_serial:
        has, raise_it = "what its primaries have has the", f"raise it there, such as to {higher}"
    else:
        has, raise_it = "the zone is signed with", f"sign it with a higher serial, such as {higher}"
    message = (
        f"{has} serial {new.serial}, and other content is published with serial {published}; "
        f"{raise_it}"
    )
    return Violation("SerialNotHigher", message, new.origin)


def unsafe(
    old: Zone,
    new: Zone,
    delta: Delta,
    doubt: str = "",
    spared: int = 0,
    apex: int = APEX_RRSETS,
) -> Violation | None:
    """Why this change needs approval, or None.

    It needs it when it removes more than 30 % and more than 10 of the RRsets, or when it removes
    RRsets and leaves nothing but SOA and NS, or when it removes RRsets while there is a `doubt`
    about what `new` is made of (`parts.doubt`). RRsets that signing makes do not count, nor do
    `spared` ones of those that are removed. `apex` is how many RRsets a zone has that is empty.
    """
    removed, before = delta.ordinary_removed - spared, old.ordinary_rrsets
    many = is_large(removed, before)
    emptied = removed > 0 and new.ordinary_rrsets <= apex
    lost = removed > 0 and bool(doubt)
    if not (many or emptied or lost):
        return None
    why = f" and {doubt}" if lost else ""
    does = f"the change removes {removed} of {before} RRsets{why}"
    return Violation(REASON, f"{does}; {how_to_approve(plan_hash(delta))}", old.origin)


def how_to_approve(digest: str, kind: str = "Zone") -> str:
    """The end of a message about a change that is held, for an object of this kind."""
    return f"if that is meant, annotate the {kind}{_HOW}{digest}"


def asked_hash(message: str) -> str:
    """The hash that such a message asks for; empty for another message."""
    _, _, rest = message.partition(_HOW)
    return rest[:HASH_DIGITS]


def plan_hash(delta: Delta) -> str:
    """16 hexadecimal digits that name a change made by `change`."""
    return hash_of(delta.ordinary_payload())


def hash_of(plan: bytes) -> str:
    """16 hexadecimal digits that name a change that is written as octets."""
    return hashlib.sha256(plan).hexdigest()[:HASH_DIGITS]


def approvals(approve: str | None) -> frozenset[str]:
    """The hashes in an annotation; None is one that is not there."""
    return frozenset(part for each in (approve or "").split(",") if (part := each.strip()))


def approved(approve: str | None, delta: Delta) -> bool:
    """Whether a Zone's annotation (None where it has none) approves exactly this change."""
    return plan_hash(delta) in approvals(approve)
