"""The probe list on the wire, and the inside view that it gives."""

import pytest
from dnsfleet.probing import lists
from dnsfleet.probing.lists import OLD_SECONDS, ProbedPop, ProbedZone, ProbeList
from dnsfleet.replication import manifests
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.revisions import Revision
from dnsfleet.zones.questions import Question
from support.signed_zones import FORGER, PUBLISHER, sign
from support.zones import make_zone

RECORD = Question(
    "ns.sub.one.example.",
    "A",
    "sub.one.example.",
    "NS",
    300,
    frozenset({b"\1a\0", b"\1b\0"}),
    True,
)
FRA = ProbedPop("fra", (("192.0.2.1", 53), ("2001:db8::1", 53)), False, 12, ("two.example.",))
GONE = ProbedPop("gone", (), True)
ONE = ProbedZone("one.example.", 10, 7, None, RECORD)
TWO = ProbedZone("two.example.", 11, 8, ("fra",))
NEWER = ProbedZone("new.example.", 13, 1)
LIST = ProbeList(Revision(5, 6), 1_700_000_000_000, (FRA, GONE), (ONE, TWO, NEWER))
PUBLIC = [PUBLISHER.public_key()]


def test_a_list_is_read_as_it_was_signed() -> None:
    assert lists.verify(lists.sign(LIST, PUBLISHER), PUBLIC) == LIST


def test_what_our_writer_did_not_sign_as_a_list_is_refused() -> None:
    signed = lists.sign(LIST, PUBLISHER)
    zone = sign(make_zone("one.example."), 1).signed
    for other in (lists.sign(LIST, FORGER), signed[:-1] + b" ", b"", zone):
        with pytest.raises(ManifestError):
            lists.verify(other, PUBLIC)
    with pytest.raises(ManifestError):
        manifests.verify(signed, PUBLIC)


@pytest.mark.parametrize("field", ["revision", "time", "pops", "zones"])
@pytest.mark.parametrize("value", [None, "x", [[]], [{"name": "fra"}], [{"zone": "a."}]])
def test_a_signed_list_with_another_field_is_refused(field: str, value: object) -> None:
    said = {"format": 1, "revision": "1.1", "time": 1, "pops": [], "zones": []}
    signed = manifests.seal({**said, field: value}, b"dnsfleet probe list\0", PUBLISHER)
    with pytest.raises(ManifestError, match="unreadable field"):
        lists.verify(signed, PUBLIC)


def test_a_list_that_no_reader_takes_is_not_signed() -> None:
    pops = tuple(ProbedPop(f"pop-{n}", (("192.0.2.1", 53),) * 4) for n in range(1000))
    with pytest.raises(ValueError, match="octets"):
        lists.sign(ProbeList(Revision(1, 1), 1, pops, ()), PUBLISHER)


def test_a_pop_is_current_in_what_its_edges_prove() -> None:
    assert ONE.is_current_in(FRA)
    assert not TWO.is_current_in(FRA)  # an exception
    assert not NEWER.is_current_in(FRA)  # above what they answer
    assert not ONE.is_current_in(FRA._replace(answers=-1))


def test_a_zone_is_in_the_pops_that_serve_it_while_they_are_in_service() -> None:
    iad = ProbedPop("iad", ())
    assert [TWO.is_in(pop) for pop in (FRA, iad, FRA._replace(drained=True))] == [
        True,
        False,
        False,
    ]
    assert [ONE.is_in(pop) for pop in (FRA, iad, GONE)] == [True, True, False]


def test_a_zone_that_was_published_again_or_removed_is_another_one() -> None:
    manifest = sign(make_zone("one.example."), 1).manifest
    zone = ProbedZone("one.example.", manifest.lsn, 7)
    assert zone.is_still(manifest)
    assert not zone._replace(lsn=manifest.lsn + 1).is_still(manifest)
    assert not zone.is_still(None)


def test_a_list_is_old_when_another_one_should_have_come() -> None:
    assert not LIST.is_old(LIST.time_ms + round(OLD_SECONDS * 1000))
    assert LIST.is_old(LIST.time_ms + round(OLD_SECONDS * 1000) + 1)
