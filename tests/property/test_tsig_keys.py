"""A table of keys is read as it was written, and patterns agree with a plain reading."""

from ipaddress import ip_network

from dnsfleet import names, tsig_keys
from dnsfleet.resources import Reference, update_patterns
from dnsfleet.tsig_keys import Target, Updates, UsableKey
from hypothesis import given
from hypothesis import strategies as st

LABELS = st.sampled_from(["a", "b", "_acme-challenge", "dev", r"x\.y", "*"])
NAMES = st.lists(LABELS, max_size=4).map(lambda found: ".".join([*found, "example."]))
PATTERNS = st.sampled_from(["*", "*.dev", "a", "@", "a.*", "_acme-challenge.*", "*.a.example."])
TYPES = st.none() | st.frozensets(st.sampled_from(["A", "TXT", "NS", "TYPE65280"]))
ZONES = st.dictionaries(NAMES, st.builds(Reference, st.just("Zone"), st.text(), st.text()))
UPDATES = st.builds(
    Updates,
    st.lists(PATTERNS).map(tuple),
    TYPES,
    st.sampled_from(["Programmed", "Propagated"]),
    ZONES,
)
KEYS = st.builds(
    UsableKey,
    NAMES,
    st.sampled_from(["hmac-sha256", "hmac-sha512"]),
    st.binary(),
    st.none() | st.frozensets(NAMES),
    st.lists(st.builds(Target, st.just("192.0.2.1"), st.integers(1, 65535))).map(tuple),
    st.sampled_from([(), (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))]),
    st.booleans(),
    st.none() | UPDATES,
)


@given(st.lists(KEYS, max_size=3))
def test_a_table_is_read_as_it_was_written(keys: list[UsableKey]) -> None:
    assert tsig_keys.decode(tsig_keys.encode(keys)) == keys


@given(st.lists(LABELS, max_size=5), PATTERNS)
def test_a_pattern_fits_as_its_labels_say(labels: list[str], pattern: str) -> None:
    owner = names.normalise(".".join([*labels, "example."]))
    whole, relative = [*labels, "example"], labels
    expected = {
        "*": True,
        "*.dev": len(relative) > 1 and relative[-1] == "dev",
        "*.a.example.": len(relative) > 1 and relative[-1] == "a",
        "a": relative == ["a"],
        "@": not relative,
        "a.*": whole[0] == "a",
        "_acme-challenge.*": whole[0] == "_acme-challenge",
    }
    assert update_patterns.fits(owner, pattern, "example.") == expected[pattern]
