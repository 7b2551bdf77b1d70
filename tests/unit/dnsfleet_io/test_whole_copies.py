"""How many whole copies of the core one certificate may take."""

import pytest
from dnsfleet_io.upward_commands import CommandError
from dnsfleet_io.whole_copies import (
    COPIES_AT_ONCE,
    COPY_SECONDS,
    CopiesError,
    CopyBudget,
    CopyWatch,
)
from hypothesis import given
from hypothesis import strategies as st
from support import clocks
from support.clocks import Clock

OK, FULL, PART = b"+OK\r\n", b"+FULLRESYNC 8371 0\r\n", b"+CONTINUE 8371\r\n"
REPLICA = (
    [b"PING"],
    [b"AUTH", b"pop-ams", b"one"],
    [b"REPLCONF", b"listening-port", b"6379"],
    [b"REPLCONF", b"capa", b"eof"],
)
PSYNC = [b"PSYNC", b"?", b"-1"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return clocks.monotonic(monkeypatch)


def copies(budget: CopyBudget, *answers: bytes) -> None:
    """A replica connects and asks, and the core answers so, in these pieces."""
    watch = CopyWatch(budget)
    for words in REPLICA:
        watch.command(words)
        watch.answer(OK)
    watch.command(PSYNC)
    for piece in answers:
        watch.answer(piece)


def spent(budget: CopyBudget) -> int:
    """How many of the copies are taken; none are left afterwards."""
    for left in range(COPIES_AT_ONCE + 1):
        try:
            budget.take()
        except CopiesError:
            return COPIES_AT_ONCE - left
    raise AssertionError("more are left than there are")


def test_so_many_copies_come_at_once_and_then_one_by_one(clock: Clock) -> None:
    budget = CopyBudget()
    for _ in range(COPIES_AT_ONCE):
        copies(budget, FULL)
    with pytest.raises(CopiesError):
        copies(budget, FULL)
    clock.now += COPY_SECONDS
    copies(budget, FULL)
    with pytest.raises(CopiesError):
        copies(budget, FULL)
    clock.now += 10 * COPIES_AT_ONCE * COPY_SECONDS
    assert spent(budget) == 0


@pytest.mark.parametrize(
    "answer", [PART, b"-LOADING the dataset\r\n", b"-NOPERM no\r\n", b"\n\n\r\n" + PART]
)
@pytest.mark.usefixtures("clock")
def test_what_was_missed_costs_nothing_nor_does_an_error(answer: bytes) -> None:
    budget = CopyBudget()
    for _ in range(3 * COPIES_AT_ONCE):
        copies(budget, answer)
    assert spent(budget) == 0


@given(st.sampled_from([FULL, PART]), st.integers(1, 20))
def test_the_pieces_do_not_matter(answer: bytes, size: int) -> None:
    budget = CopyBudget()
    stream = b"\n" + answer + b"\n+CONTINUE, says a record\r\n"
    copies(budget, *(stream[at : at + size] for at in range(0, len(stream), size)))
    assert spent(budget) == (answer == FULL)


@pytest.mark.usefixtures("clock")
def test_whoever_hangs_up_before_the_answer_has_taken_a_copy() -> None:
    budget = CopyBudget()
    copies(budget)
    copies(budget, b"+FULL")
    assert spent(budget) == 2


@pytest.mark.usefixtures("clock")
def test_an_answer_is_told_by_its_place() -> None:
    """Errors of commands before it come before it, however late."""
    budget = CopyBudget()
    watch = CopyWatch(budget)
    for words in (*REPLICA, PSYNC):
        watch.command(words)
    watch.answer(b"-NOAUTH\r\n+CONTINUE\r\n-ERR\r\n-NOPERM\r\n")
    watch.answer(FULL)
    assert spent(budget) == 1


@pytest.mark.parametrize(
    "words",
    [
        [b"PING", b"+CONTINUE"],
        [b"GETRANGE", b"dnsfleet:1:pop:ams:0", b"0", b"-1"],
        [b"REPLCONF", b"ack", b"1"],
        [b"replconf", b"version", b"9", b"FACK", b"1"],
        [b"HELLO", b"3"],
        PSYNC,
    ],
    ids=str,
)
def test_what_could_forge_an_answer_may_not_come_before(words: list[bytes]) -> None:
    watch = CopyWatch(CopyBudget())
    watch.command(words)
    with pytest.raises(CommandError):
        watch.command(PSYNC)


@pytest.mark.usefixtures("clock")
def test_a_pop_that_reports_costs_nothing() -> None:
    budget = CopyBudget()
    watch = CopyWatch(budget)
    for _ in range(100):
        watch.command([b"SET", b"dnsfleet:1:pop:ams:0", b"x"])
        watch.answer(OK)
    assert spent(budget) == 0
