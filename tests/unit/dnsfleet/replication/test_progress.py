"""What an edge says of its progress."""

from dnsfleet.replication.acks import AHEAD_OCTETS
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.progress import Failure, Progress
from dnsfleet.replication.revisions import Revision
from dnsfleet.replication.sums import AnnouncementSum

A, B = "a.example.", "b.example."


def test_an_ack_names_as_many_proofs_as_fit() -> None:
    progress = Progress()
    proofs = {f"{number}.": bytes(1000) for number in range(100)}
    ack = progress.ack(None, proofs)
    assert ack is not None
    assert ack.ahead == dict(list(proofs.items())[: AHEAD_OCTETS // 1000])
    assert ack.ahead_count == 100
    ack = progress.ack(None, {A: bytes(60_000), B: b""})
    assert ack is not None
    assert ack.ahead.keys() == {A}


def test_a_claim_stays_below_what_is_pending_and_goes_back_with_what_was_told() -> None:
    progress = Progress()
    heard = {A: Announcement(3, A, Revision(1, 1)), B: Announcement(5, B, Revision(1, 1))}
    progress.read_index(heard, 6)
    pending = progress.ack(5, {})
    assert pending is not None
    assert (pending.lsn, pending.told) == (4, 6)
    assert pending.total == AnnouncementSum(heard.values()).total
    progress.read_index({A: heard[A]}, 3)
    older = progress.ack(None, {})
    assert older is not None
    assert (older.lsn, older.told) == (3, 3)
    assert progress.ack(None, {}) is None


def test_tries_count_for_one_revision() -> None:
    progress = Progress()
    for seq, tries in ((1, 1), (1, 2), (2, 1)):
        progress.fail(A, Failure("why", Revision(1, seq)))
        assert progress.tries(A) == tries
    progress.settle(A, Revision(1, 2))
    assert progress.tries(A) == 0
