"""Whatever the clock and the source say, the next serial is newer than the one before."""

from dnsfleet.zones import serials
from hypothesis import given
from hypothesis import strategies as st

SERIALS = st.integers(0, serials.MODULUS - 1)


@given(SERIALS, st.integers(0, 2**40), st.none() | SERIALS)
def test_the_next_serial_is_newer_and_not_zero(
    previous: int, now: int, proposed: int | None
) -> None:
    following = serials.next_serial(previous, now, proposed)
    assert serials.compare(following, previous) == 1
    assert 0 < following < serials.MODULUS


@given(SERIALS)
def test_the_following_serial_is_the_nearest_without_0(serial: int) -> None:
    following = serials.following(serial)
    assert serials.compare(following, serial) == 1
    assert (following - serial) % serials.MODULUS == (2 if serial == serials.MODULUS - 1 else 1)


@given(SERIALS, SERIALS)
def test_compare_is_antisymmetric(a: int, b: int) -> None:
    forward, backward = serials.compare(a, b), serials.compare(b, a)
    assert forward is backward is None or forward == -(backward or 0)
