"""Zones from any source mean the same, and RecordSets cannot harm what is there."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dnsfleet.resources import RecordSet
from dnsfleet.zones import building
from hypothesis import given
from hypothesis import strategies as st
from support import yaml_resources

NAMES = st.sampled_from(["a", "b", "a.b", "*", "@", "c.a.b"])
DATA = {
    "A": ["192.0.2.1", "192.0.2.2", "300"],
    "TXT": ["hello", '"two" "strings"'],
    "CNAME": ["a", "b"],
    "NS": ["a", "ns.example.net."],
    "DNAME": ["b", "example.net."],
}
RECORDS = st.sampled_from(sorted(DATA)).flatmap(
    lambda rtype: st.fixed_dictionaries(
        {
            "name": NAMES,
            "type": st.just(rtype),
            "data": st.lists(st.sampled_from(DATA[rtype]), min_size=1, max_size=1),
        }
    )
)
TEXT = st.text(st.characters(exclude_characters='"\\', exclude_categories=["C"]), min_size=1)


def record_sets(groups: list[list[dict[str, object]]]) -> list[RecordSet]:
    """A RecordSet for each group, without repeated RRsets inside it."""
    made = []
    for number, group in enumerate(groups):
        distinct = {(record["name"], record["type"]): record for record in group}
        made.append(yaml_resources.record_set(str(list(distinct.values())), name=f"set-{number}"))
    return made


@given(st.lists(st.lists(RECORDS, min_size=1, max_size=3), max_size=5))
def test_no_record_set_harms_the_zone_or_an_older_one(
    groups: list[list[dict[str, object]]],
) -> None:
    """Whatever RecordSets say, there is a zone, and each RecordSet only adds to it."""
    zone = yaml_resources.zone("{records: [{name: www, type: A, data: [192.0.2.1]}]}")
    sets = record_sets(groups)
    before, _ = building.from_resources(zone, [], None)
    assert before is not None
    for count in range(1, len(sets) + 1):
        after, _ = building.from_resources(zone, sets[:count], None)
        assert after is not None
        assert before.diff(after).removed == 0
        before = after


@given(TEXT)
def test_unquoted_text_is_kept_octet_by_octet(text: str) -> None:
    built, violations = building.from_resources(
        yaml_resources.zone_with([{"name": "t", "type": "TXT", "data": [text]}]), [], None
    )
    assert violations == []
    assert built is not None
    _, (written,) = built.get("t.example.com.", "TXT") or (0, [""])
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, written)
    strings = rdata.strings  # type: ignore[attr-defined]
    assert b"".join(strings) == text.encode()
    assert all(len(string) == 255 for string in strings[:-1])
