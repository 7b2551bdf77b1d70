"""Random rounds of ExternalDNS, and random changes: what is wanted is what is read, and no more."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.external_dns import Endpoint, ExternalDNS, endpoint
from support.webhook_rigs import Objects, Rig, zone

NAMES = st.sampled_from(
    ["example.com", "www.example.com", "a.dev.example.com", "*.example.com", "b.example.org"]
)
SETS = st.sampled_from(["", "", "blue", "green"])
TTLS = st.sampled_from([0, 30, 60])
TARGETS = {
    "A": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
    "AAAA": ["2001:db8::1", "2001:db8::2"],
    "TXT": ['"a b"', "v=spf1 -all", '"' + "x" * 300 + '"'],
    "MX": ["10 mail.example.net", "20 mail.example.net"],
}
"""Of types that may be at one name together; some are written in other words than they are read."""


@st.composite
def endpoints(draw: st.DrawFn) -> Endpoint:
    rtype = draw(st.sampled_from(sorted(TARGETS)))
    targets = draw(st.lists(st.sampled_from(TARGETS[rtype]), min_size=1, max_size=3, unique=True))
    made = endpoint(draw(NAMES), rtype, *targets, ttl=draw(TTLS), set_id=draw(SETS))
    if draw(st.booleans()):
        made["providerSpecific"] = [{"name": "aws/weight", "value": draw(st.sampled_from("12"))}]
    return made


def key(found: Endpoint) -> tuple[str, str, str]:
    return found["dnsName"], found["recordType"], found.get("setIdentifier", "")


WANTED = st.lists(endpoints(), max_size=8, unique_by=key)


def told(found: Iterable[Endpoint]) -> dict[Any, Any]:
    """What endpoints say, by what tells them apart; labels are no part of it."""
    return {
        key(each): (
            sorted(each["targets"]),
            each.get("recordTTL", 0),
            each.get("providerSpecific", []),
        )
        for each in found
    }


def fresh() -> Rig:
    zones = [zone("example.com"), zone("dev.example.com", "dev"), zone("example.org", "org")]
    return Rig(Objects(*zones))


def shared_sets(wanted: Iterable[Endpoint]) -> set[tuple[str, str]]:
    return {(name, rtype) for name, rtype, set_id in map(key, wanted) if set_id}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
@given(rounds=st.lists(WANTED, min_size=1, max_size=4))
def test_after_a_round_what_is_read_is_what_is_wanted(
    owner: str | None, rounds: list[list[Endpoint]]
) -> None:
    here = fresh()
    dns = ExternalDNS(here.ask, owner)
    for wanted in rounds:
        # A TXT record of its own at the apex would be told by a name outside of every zone.
        inside = [each for each in wanted if owner is None or each["dnsName"] != "example.com"]
        dns.round(inside)
        read = [each for each in here.ask("GET", "/records", None) if not tells_owner(each)]
        ttls = {key(each): each.get("recordTTL", 0) for each in read}
        # ExternalDNS takes no TTL for any TTL, so one that was there may stay.
        expected = told(
            {**each, "recordTTL": each.get("recordTTL") or ttls.get(key(each), 0)}
            for each in inside
        )
        assert told(read) == expected
        here.objects.writes.clear()
        dns.round(inside)
        assert dns.changes == {}
        assert here.objects.writes == []


def tells_owner(found: Endpoint) -> bool:
    return '"heritage=' in found["targets"][0]


@given(before=WANTED, after=WANTED)
def test_changes_give_the_same_whatever_was_there_and_how_often_they_come(
    before: list[Endpoint], after: list[Endpoint]
) -> None:
    here, anew = fresh(), fresh()
    here.ask("POST", "/records", {"create": before})
    there = {key(each): each for each in before}
    wanted = {key(each): each for each in after}
    both = [each for each in there if each in wanted]
    changes = {
        "create": [wanted[each] for each in wanted if each not in there],
        "updateOld": [there[each] for each in both],
        "updateNew": [wanted[each] for each in both],
        "delete": [there[each] for each in there if each not in wanted],
    }
    for _ in range(2):
        here.ask("POST", "/records", changes)
        assert told(here.ask("GET", "/records", None)) == told(adjusted(after))
    anew.ask("POST", "/records", {"create": after})
    assert here.objects.rrsets() == anew.objects.rrsets()


def adjusted(found: list[Endpoint]) -> list[Endpoint]:
    return list(fresh().ask("POST", "/adjustendpoints", found))
