"""Which step of a rotation is due."""

import pytest
from dnsfleet.replication import public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import Positions
from dnsfleet_operator.secrets import rotations
from dnsfleet_operator.secrets.rotations import Progress
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import Keys

STEADY = key_secrets.make()
BEGUN = key_secrets.begin(STEADY)
SWITCHED = key_secrets.switch(BEGUN)
OLD, NEW = (public_keys.identify(key) for key in BEGUN.public)


POSITIONS = Positions()
POSITIONS.note(9, 5)


def ack(*keys: str, lsn: int = 0, total: int = 5) -> Ack:
    """What an edge says that was told all up to position 9."""
    return Ack(lsn, {}, 0, 1, 1, told=9, total=total, keys=keys)


def progress(*said: Ack | None, signed_by: str = "", newest: int = 0) -> Progress:
    return Progress(
        {f"fra/{number}": each for number, each in enumerate(said)}, signed_by, newest, POSITIONS
    )


@pytest.mark.parametrize("keys", [STEADY, BEGUN, SWITCHED])
def test_a_rotation_is_known_by_the_keys(keys: Keys) -> None:
    assert rotations.is_on(keys) is (keys is not STEADY)


def test_nothing_is_due_unless_somebody_asks() -> None:
    assert rotations.step(STEADY, False, progress(ack(OLD))) == rotations.NONE
    begun = rotations.step(STEADY, True, progress(ack(OLD))).keys
    assert begun is not None
    assert begun.public[0] == STEADY.public[0]
    assert begun.next is not None


@pytest.mark.parametrize(
    ("said", "late"),
    [
        ((ack(OLD, NEW), ack(OLD)), "1 of 2 Ready edges have not said so yet: fra/1"),
        ((ack(OLD, NEW), None), "1 of 2 Ready edges have not said so yet: fra/1"),
        ((ack(), ack(OLD, NEW)), "1 of 2 Ready edges have not said so yet: fra/0"),
        ((None,) * 5, "5 of 5 Ready edges have not said so yet: fra/0, fra/1, fra/2 and 2 more"),
    ],
)
def test_the_next_key_waits_for_every_ready_edge(said: tuple[Ack | None, ...], late: str) -> None:
    step = rotations.step(BEGUN, False, progress(*said))
    assert step.keys is None
    assert step.message == f"edges are told the next key {NEW}; {late}"


def test_the_next_key_signs_when_every_ready_edge_knows_it() -> None:
    for said in ((), (ack(OLD, NEW), ack(OLD, NEW))):
        switched = rotations.step(BEGUN, False, progress(*said)).keys
        assert switched is not None
        assert switched.entries == SWITCHED.entries


@pytest.mark.parametrize(
    ("how_far", "message"),
    [
        (progress(ack(lsn=9), signed_by="", newest=7), "everything that is published is signed"),
        (progress(ack(lsn=9), signed_by=OLD, newest=7), "everything that is published is signed"),
        (progress(ack(lsn=6), signed_by=NEW, newest=7), "1 of 1 Ready edges have not said so yet"),
        (
            progress(ack(lsn=9, total=4), signed_by=NEW, newest=7),
            "1 of 1 Ready edges have not said so yet",
        ),
        (progress(None, signed_by=NEW, newest=7), "1 of 1 Ready edges have not said so yet: fra/0"),
        (
            progress(
                ack(lsn=9)._replace(failing={"a.": "why"}, failing_count=1),
                signed_by=NEW,
                newest=7,
            ),
            "1 of 1 Ready edges have not said so yet",
        ),
    ],
)
def test_the_old_key_stays_valid_while_anything_needs_it(how_far: Progress, message: str) -> None:
    step = rotations.step(SWITCHED, True, how_far)
    assert step.keys is None
    assert message in step.message


def test_the_old_key_ends_when_nothing_needs_it() -> None:
    step = rotations.step(SWITCHED, False, progress(ack(lsn=7), signed_by=NEW, newest=7))
    assert step.keys is not None
    assert step.keys.public == (SWITCHED.private.public_key(),)
    assert f"{NEW} signed everything, and {OLD} is valid no more" in step.message
