"""RRsets of octoDNS in RecordSets: all there, within the limits, and a small change writes few."""

import itertools
from collections.abc import Callable, Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from octodns_dnsfleet import layout
from octodns_dnsfleet.layout import MAX_OCTETS, MAX_RRSETS, NEW_RRSETS, Content, arranged, new_name
from octodns_dnsfleet.values import Item, Key

UNHURRIED = settings(deadline=None, max_examples=200)
OWNERS = [f"h{number}.example.com." for number in range(120)]
TYPES = ["A", "AAAA", "CAA", "HTTPS", "MX", "TXT"]

keys = st.tuples(st.sampled_from(OWNERS), st.sampled_from(TYPES))
items = st.integers(0, 5).flatmap(
    lambda size: st.sampled_from([1, 10, 200, 3000, 30000, 70000][: size + 1]).map(item)
)
states = st.dictionaries(keys, items, max_size=260)


def item(octets: int) -> Item:
    return {"data": ["x" * octets]}


def numbered() -> Callable[[Key], str]:
    numbers = itertools.count()
    return lambda key: f"set-{next(numbers)}"


def applied(before: Mapping[str, Content], changed: Mapping[str, Content]) -> dict[str, Content]:
    return {name: content for name, content in {**before, **changed}.items() if content}


def whole(sets: Mapping[str, Content]) -> Content:
    found = [pair for content in sets.values() for pair in content.items()]
    assert len(found) == len(dict(found)), "an RRset is in two RecordSets"
    return dict(found)


def to_state(sets: dict[str, Content], state: Content, named: Callable[[Key], str]) -> set[str]:
    """Change RecordSets to have these RRsets; the names of those that were written."""
    now = whole(sets)
    put = {key: value for key, value in state.items() if now.get(key) != value}
    changed = arranged(sets, now.keys() - state.keys(), put, named)
    after = applied(sets, changed)
    sets.clear()
    sets.update(after)
    return set(changed)


@UNHURRIED
@given(st.lists(states, min_size=1, max_size=4))
def test_all_are_there_within_the_limits_and_none_moves(history: list[Content]) -> None:
    sets: dict[str, Content] = {}
    named = numbered()
    for state in history:
        before = {key: name for name, content in sets.items() for key in content}
        to_state(sets, state, named)
        assert whole(sets) == state
        for name, content in sets.items():
            assert 0 < len(content) <= MAX_RRSETS
            octets = sum(len(each["data"][0]) for each in content.values())
            assert octets <= MAX_OCTETS or len(content) == 1
            for key in content:
                # Only one that has grown beyond the octets may go to another place.
                assert before.get(key, name) == name or len(content[key]["data"][0]) > 1
        assert to_state(sets, state, named) == set()


def small(owners: int) -> Content:
    return {(f"h{number}.example.com.", "A"): item(9) for number in range(owners)}


def test_a_large_zone_has_as_few_as_fit_and_one_change_writes_one() -> None:
    sets: dict[str, Content] = {}
    named = numbered()
    state = small(1000)
    assert len(to_state(sets, state, named)) == -(-1000 // NEW_RRSETS)
    assert len(to_state(sets, state | {("h500.example.com.", "A"): item(7)}, named)) == 1
    del state[("h500.example.com.", "A")]
    assert len(to_state(sets, state, named)) == 1
    assert len(to_state(sets, state | {("new.example.com.", "A"): item(9)}, named)) == 1


def test_another_type_at_a_name_goes_where_the_name_is() -> None:
    """A CNAME that becomes an A does so in one write, however many RecordSets there are."""
    sets: dict[str, Content] = {}
    named = numbered()
    state = small(500)
    to_state(sets, state, named)
    del state[("h300.example.com.", "A")]
    written = to_state(sets, state | {("h300.example.com.", "CNAME"): item(9)}, named)
    assert len(written) == 1


def test_a_full_record_set_takes_more_types_until_the_limit() -> None:
    sets: dict[str, Content] = {}
    named = numbered()
    state = small(NEW_RRSETS)
    to_state(sets, state, named)
    room = MAX_RRSETS - NEW_RRSETS
    state |= {(f"h{number}.example.com.", "AAAA"): item(9) for number in range(room)}
    assert to_state(sets, state, named) == {"set-0"}
    assert to_state(sets, state | {("h0.example.com.", "TXT"): item(9)}, named) == {"set-1"}


def test_the_last_rrset_takes_its_record_set_along() -> None:
    sets: dict[str, Content] = {}
    to_state(sets, small(1), numbered())
    assert arranged(sets, [*whole(sets)], {}, numbered()) == {"set-0": {}}


def test_a_new_name_is_none_that_is_taken_and_always_the_same() -> None:
    first = new_name("octodns-main-example-com", "www.example.com.", ())
    assert first == new_name("octodns-main-example-com", "www.example.com.", ())
    assert first != new_name("octodns-main-example-com", "mail.example.com.", ())
    assert first != new_name("octodns-main-example-com", "www.example.com.", {first})
    longest = new_name("x" * 300, "www.example.com.", ())
    assert len(longest) == layout.NAME_LENGTH + 9
