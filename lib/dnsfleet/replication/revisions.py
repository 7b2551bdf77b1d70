"""Revisions: the order of what was published for one zone."""

import re
from typing import NamedTuple, Self

_TEXT = re.compile(r"([0-9]{1,15})\.([0-9]{1,15})")


class Revision(NamedTuple):
    """Which publication of a zone it is, ordered by `(epoch, seq)`.

    The epoch is the fence of the writer, so the revisions of a new writer come after all those of
    the writer before, even after one that is written late. `seq` rises by at least one with every
    publication. A removal or a new writer does not reset it.
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
