"""Serials of publications, whatever came before: signed zones keep theirs, others go up."""

import functools
from dataclasses import replace

from dnsfleet.replication.manifests import Manifest
from dnsfleet.zones import serials
from dnsfleet_engine import Zone
from dnsfleet_publisher import drafts
from dnsfleet_publisher.drafts import Draft, Published
from hypothesis import given
from hypothesis import strategies as st
from support.presigned_zones import signed
from support.zones import hosts, make_zone

ORIGIN = "a.example."
NOW = 1_800_000_000
SERIALS = [0, 1, 2, NOW, NOW + 1, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]


@functools.cache
def zone(is_signed: bool, count: int, serial: int, day: int) -> Zone:
    plain = make_zone(ORIGIN, hosts(count), serial)
    return signed(plain, day) if is_signed else plain


ZONES = st.builds(
    zone, st.booleans(), st.integers(1, 3), st.sampled_from(SERIALS), st.integers(1, 2)
)
EVENTS = st.sampled_from(["", "lost", "removed", "ahead", "asked"])
STEPS = st.lists(st.tuples(EVENTS, ZONES, ZONES), max_size=6)


def after(draft: Draft) -> Published:
    """What is known once a draft is published."""
    at = draft.manifest.revision
    return Published(draft.manifest, draft.zone, str(at), at.seq, key="k")


def seen(known: Published) -> list[Manifest]:
    """What clients may have, and nobody removed."""
    both = (known.manifest, known.overtaken)
    return [each for each in both if each is not None and not each.tombstone]


@given(STEPS)
def test_a_signed_zone_is_published_as_it_is_or_not_at_all(
    steps: list[tuple[str, Zone, Zone]],
) -> None:
    known = Published()
    for event, other, wanted in steps:
        if event == "removed" and (removal := drafts.removal(known, 1)) is not None:
            known = after(removal)
        if event == "lost":
            known = replace(known, in_core=False)
        if event == "ahead" and known.manifest is not None:
            newer = replace(known.manifest, serial=other.serial, digest=other.digest)
            known = replace(known, overtaken=replace(newer, tombstone=False))
        floor = int(event == "asked")
        _check_again(known, drafts.again(known, 1, 1, "k", NOW, floor))
        refused = drafts.refusal(known, wanted) is not None
        assert refused == _is_stale(wanted, known)
        if refused:
            continue
        draft = drafts.change(known, 1, wanted, None, NOW, floor=floor)
        if draft is not None:
            _check_change(known, wanted, draft)
            known = after(draft)


def _is_stale(wanted: Zone, known: Published) -> bool:
    is_same = any(each.digest == wanted.digest for each in seen(known))
    is_higher = all(serials.compare(wanted.serial, each.serial) == 1 for each in seen(known))
    return wanted.signed and not is_same and not is_higher


def _check_again(known: Published, draft: Draft | None) -> None:
    if draft is None or draft.zone is None:
        return
    assert known.zone is not None
    assert known.serial is not None
    if known.zone.signed:
        assert draft.manifest.digest == known.zone.digest
    else:
        assert serials.compare(draft.zone.serial, known.serial) in (0, 1)
        assert draft.zone.with_serial(0).digest == known.zone.with_serial(0).digest


def _check_change(known: Published, wanted: Zone, draft: Draft) -> None:
    assert draft.zone is not None
    made = draft.manifest
    assert (made.serial, made.digest) == (draft.zone.serial, draft.zone.digest)
    if wanted.signed:
        assert made.digest == wanted.digest
        return
    assert draft.zone.with_serial(0).digest == wanted.with_serial(0).digest
    is_as_before = known.manifest is not None and known.manifest.digest == made.digest
    if known.serial is not None and not is_as_before:
        assert serials.compare(made.serial, known.serial) == 1
