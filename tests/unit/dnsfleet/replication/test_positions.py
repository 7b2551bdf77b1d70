"""What a writer knows of the sums at its positions."""

import pytest
from dnsfleet.replication.sums import POSITIONS, Positions

KNOWN = {10: 1, 12: 2, 15: 3}


def positions(known: dict[int, int]) -> Positions:
    made = Positions()
    for lsn, total in known.items():
        made.note(lsn, total)
    return made


@pytest.mark.parametrize(
    ("lsn", "total", "shown", "refuted"),
    [
        (12, 2, True, False),
        (15, 3, True, False),
        (12, 3, False, True),
        (15, 2, False, True),
        (16, 3, False, True),  # ahead of all that was written
        (9, 1, False, False),  # of an earlier writer, or forgotten
        (11, 1, False, False),
    ],
)
def test_what_a_reader_was_told(lsn: int, total: int, shown: bool, refuted: bool) -> None:
    known = positions(KNOWN)
    assert (known.has(lsn, total), known.refutes(lsn, total)) == (shown, refuted)


def test_who_knows_no_position_refutes_nothing() -> None:
    known = positions(KNOWN)
    known.clear()
    assert not known.refutes(16, 3)


def test_what_was_forgotten_is_not_refuted() -> None:
    known = positions(dict.fromkeys(range(POSITIONS + 1), 1))
    assert not known.refutes(0, 2)
    assert known.refutes(1, 2)
