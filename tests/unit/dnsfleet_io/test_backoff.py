"""Waits between attempts grow up to a limit, differ from one client to the next, and begin anew."""

import time

from dnsfleet_io.backoff import Backoff, Pauses

FIRST, LONGEST = 0.5, 4.0
ROUNDS = 100


def test_waits_double_up_to_a_limit_and_begin_anew() -> None:
    backoff = Backoff(FIRST, LONGEST)
    for _ in range(ROUNDS):
        for most in (0.5, 1.0, 2.0, 4.0, 4.0):
            assert most / 2 <= backoff.failed() <= most
        backoff.worked()


def test_many_clients_wait_for_different_times() -> None:
    waits = {Backoff(FIRST, LONGEST).failed() for _ in range(ROUNDS)}
    assert len(waits) > ROUNDS // 2
    assert max(waits) - min(waits) > FIRST / 4


def test_attempts_that_end_at_once_have_pauses_between_them() -> None:
    pauses = Pauses(FIRST, LONGEST)
    assert pauses.left() == 0
    for most in (FIRST, 2 * FIRST):
        pauses.ended(time.monotonic())
        assert 0 < pauses.left() <= most
    pauses.ended(time.monotonic() - 2 * LONGEST)  # that one had worked
    pauses.ended(time.monotonic())
    assert pauses.left() <= FIRST
