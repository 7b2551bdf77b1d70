"""Rotations of the key that signs: which step is due. Pure.

    begin   the edges are told a second public key, by the ConfigMaps of their Pops
    switch  once every Ready edge has said that it verifies by both: the new key signs, and
            everything that is published is signed anew
    finish  once all of it is signed by the new key, and every Ready edge has taken it over: the old
            public key is valid no more

So at no moment does an edge meet a signature that it cannot verify, and none of them restarts. What
an edge says proves that it is so; how long it took does not. An edge that is not Ready reads the
keys that are valid when it starts. One that is Ready and does not say so holds a step up, and is
named: whoever knows better can drain its Pop.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dnsfleet.replication import acks, public_keys
from dnsfleet.replication.acks import Ack
from dnsfleet.replication.sums import Positions
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import Keys

MOST_NAMED = 3
"""Edges that a message names."""


class Progress(NamedTuple):
    """How far the fleet has come."""

    said: Mapping[str, Ack | None]
    """What the running process of each Ready edge said last, None where it said nothing."""
    signed_by: str
    """Which key signed all that is published; empty while it is more than one."""
    newest: int
    """The position of the newest manifest when that was so for the first time."""
    positions: Positions
    """By which acks are judged."""


class Step(NamedTuple):
    """What is due."""

    keys: Keys | None
    """The keys from now on; None where nothing changes."""
    message: str
    """What happens by it, or what it waits for; empty where there is no rotation."""


NONE = Step(None, "")


def is_on(keys: Keys) -> bool:
    """Whether a rotation is under way."""
    return keys.next is not None or keys.previous is not None


def step(keys: Keys, asked: bool, progress: Progress) -> Step:
    """The step that is due; `asked` is whether somebody wants a rotation to begin."""
    if keys.next is not None:
        name = public_keys.identify(keys.next.public_key())
        late = [edge for edge, ack in progress.said.items() if ack is None or name not in ack.keys]
        if late:
            return Step(None, f"edges are told the next key {name}; {_waits(late, progress)}")
        return Step(key_secrets.switch(keys), f"key {name} signs from now on, and all once more")
    if keys.previous is not None:
        name = public_keys.identify(keys.private.public_key())
        if progress.signed_by != name:
            return Step(None, f"everything that is published is signed anew by key {name}")
        late = [
            edge
            for edge, ack in progress.said.items()
            if ack is None
            or acks.answered(ack, progress.positions) < progress.newest
            or any(acks.exceptions(ack))
        ]
        if late:
            return Step(None, f"edges take over what key {name} signed; {_waits(late, progress)}")
        former = public_keys.identify(keys.previous)
        return Step(
            key_secrets.finish(keys),
            f"the key is rotated: {name} signed everything, and {former} is valid no more; make a "
            "new backup: kubectl dnsfleet keys backup FILE",
        )
    if asked:
        begun = key_secrets.begin(keys)
        name = public_keys.identify(begun.public[1])
        return Step(begun, f"a rotation of the key begins: edges are told the next key {name}")
    return NONE


def _waits(late: list[str], progress: Progress) -> str:
    named = ", ".join(sorted(late)[:MOST_NAMED])
    more = f" and {len(late) - MOST_NAMED} more" if len(late) > MOST_NAMED else ""
    return f"{len(late)} of {len(progress.said)} Ready edges have not said so yet: {named}{more}"
