"""Whatever the spelling of an owner name and of a type: one RRset, and one owner."""

from typing import NamedTuple

import pytest
import yaml
from dnsfleet import names, rrtypes
from dnsfleet.resources import Record
from dnsfleet.zones import building, ownership
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support import yaml_resources
from support.names import PLAIN, Name

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A machine that has other work takes its time for an example."""

ORIGIN = (b"example", b"com")
LABELS = st.one_of(
    st.sampled_from([b"www", b"*", b"@", b"_acme-challenge", b"a.b", b"\\", b"\xc3\xbc", b" "]),
    st.binary(min_size=1, max_size=8),
).filter(lambda label: not label.lower().startswith(b"xn--"))
OWNERS = st.lists(LABELS, max_size=4).map(tuple)
NUMBERS = st.one_of(st.sampled_from([1, 5, 16, 23, 28, 64, 67, 259, 32769]), st.integers(0, 65535))


class Spelled(NamedTuple):
    """One name and one type, each in two spellings."""

    names: tuple[str, str]
    types: tuple[str, str]


@st.composite
def octet_texts(draw: st.DrawFn, octet: int) -> str:
    character = chr(octet)
    ways = [f"\\{octet:03}"]
    if octet in PLAIN:
        ways += [character.lower(), character.upper()]
    if "!" <= character <= "~" and not character.isdigit():
        ways.append(f"\\{character}")
    return draw(st.sampled_from(ways))


@st.composite
def spelled_names(draw: st.DrawFn, owner: Name) -> str:
    """A spelling of a name in the zone, absolute or relative to it."""
    absolute = draw(st.booleans())
    if not absolute and not owner:
        return "@"
    labels = (*owner, *ORIGIN) if absolute else owner
    text = ".".join("".join(draw(octet_texts(octet)) for octet in label) for label in labels)
    return text + "." * absolute


@st.composite
def spelled_types(draw: st.DrawFn, number: int) -> str:
    zeros = draw(st.integers(0, 3))
    return draw(st.sampled_from([rrtypes.to_text(number), f"TYPE{'0' * zeros}{number}"]))


@st.composite
def spelled(draw: st.DrawFn) -> Spelled:
    owner, number = draw(OWNERS), draw(NUMBERS)
    both = spelled_names(owner), spelled_types(number)
    return Spelled(*((draw(each), draw(each)) for each in both))


@UNHURRIED
@given(spelled())
def test_two_spellings_have_one_key(found: Spelled) -> None:
    records = [
        Record(name=name, type=rtype, data=("x",)) for name in found.names for rtype in found.types
    ]
    keys = {record.key("example.com.") for record in records}
    assert len(keys) == 1
    ((owner, rtype),) = keys
    assert names.normalise(owner) == owner
    assert rrtypes.normalise(rtype) == rtype


@UNHURRIED
@given(spelled())
def test_of_two_record_sets_with_one_rrset_the_older_one_is_admitted(found: Spelled) -> None:
    sets = [
        yaml_resources.record_set(
            yaml.safe_dump([{"name": name, "type": rtype, "data": ["x"]}]), f"set-{number}"
        )
        for number, (name, rtype) in enumerate(zip(found.names, found.types, strict=True))
    ]
    admission = ownership.admit(yaml_resources.zone(), sets, {})
    assert admission.record_sets in ((), (sets[0],)), "nobody may add a SOA, or NS at the apex"
    refused = {violation.where.partition(": ")[0] for violation in admission.violations}
    assert refused == {str(each.reference) for each in sets[len(admission.record_sets) :]}


@UNHURRIED
@given(OWNERS.flatmap(lambda owner: st.tuples(spelled_names(owner), spelled_names(owner))))
def test_the_engine_has_one_rrset_for_two_spellings(found: tuple[str, str]) -> None:
    """So a key of the models is a key of the zone, and what is merged there is told.

    The models refuse two spellings that are one whatever the origin is.
    """
    records: list[dict[str, object]] = [
        {"name": name, "type": rtype, "data": [data]}
        for name, rtype, data in zip(
            found, ("GID", "TYPE102"), ("\\# 1 01", "\\# 1 02"), strict=True
        )
    ]
    first, second = (Record.model_validate(record).key("example.com.") for record in records)
    assert first == second
    if names.is_absolute(found[0]) == names.is_absolute(found[1]):
        with pytest.raises(ValidationError, match=r"is already records\[0\]"):
            yaml_resources.zone_with(records)
        return
    zone = yaml_resources.zone_with(records)
    built, violations = building.from_resources(zone, [], None)
    assert built is not None
    assert [violation.reason for violation in violations] == ["MergedRecords"]
    assert built.get(*first) == (300, ["\\# 1 01", "\\# 1 02"])
    assert built.rrsets == 3
