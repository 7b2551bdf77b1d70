"""A name stays the same when it is written, normalised or made relative."""

from dnsfleet import names
from hypothesis import given
from hypothesis import strategies as st

LABELS = st.binary(min_size=1, max_size=20).filter(lambda label: not label.startswith(b"xn--"))


def written(labels: list[bytes]) -> str:
    """Each octet as \\DDD: the form that needs no other rule."""
    return "".join("".join(f"\\{octet:03}" for octet in label) + "." for label in labels)


@given(st.lists(LABELS, min_size=1, max_size=4), st.lists(LABELS, min_size=1, max_size=3))
def test_relative_and_back(labels: list[bytes], apex: list[bytes]) -> None:
    origin = names.normalise(written(apex))
    name = names.normalise(written(labels + apex))
    assert names.normalise(names.relative(name, origin), origin) == name
    assert names.is_at_or_below(name, origin)
    assert not names.is_at_or_below(origin, name)


@given(st.lists(LABELS, min_size=1, max_size=6))
def test_normalising_twice_changes_nothing(labels: list[bytes]) -> None:
    once = names.normalise(written(labels))
    assert names.normalise(once) == once
    assert names.labels(once) == len(labels)
