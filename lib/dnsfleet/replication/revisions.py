"""Revisions: the order of what was published for one zone."""

import re
from typing import NamedTuple, Self

_TEXT = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})")


class Revision(NamedTuple):
    """The place of one publication among all of its zone, ordered by `(epoch, seq)`.

    The epoch is the fence of the writer, so a new writer's revisions come after all of its
    predecessor's, whatever that one still had on the way. `seq` rises by at least one with every
    publication and goes on rising through removals and writers.
    """

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The revision written as `EPOCH.SEQ`; ValueError for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a revision, write EPOCH.SEQ")
        return cls(int(found[1]), int(found[2]))
