"""What one writer knows of the zones in the core, and what of it is to be written once more. Pure.

A zone is *outdated* where the core has lost it or a part of it, where an edge has something newer,
where it is in another format, or by another key, than what is written now, or where somebody asked
for all of it again. Its content is known,
so it can be published once more without anybody who asks for it.
"""

from collections.abc import Iterator, KeysView
from dataclasses import replace

from dnsfleet.replication import formats
from dnsfleet.replication.sums import NameSum

from dnsfleet_publisher.drafts import Published

ABSENT = Published(in_core=False)


class KnownZones:
    """The last published version of every zone that was read or written."""

    def __init__(self) -> None:
        self.names = NameSum()
        """Of the zones that the core has and that are not removed."""
        self.format = formats.READS[0]
        """The format that is written now; `rewrite` changes it."""
        self.key = ""
        """Which key signs now; `rewrite` changes it."""
        self.floor = 0
        """What has an epoch up to this is to be published again; `ask` raises it."""
        self._known: dict[str, Published] = {}
        self._outdated: dict[str, None] = {}
        self._lost: set[str] = set()

    def __contains__(self, origin: str) -> bool:
        return origin in self._known

    def __getitem__(self, origin: str) -> Published:
        return self._known[origin]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    @property
    def outdated(self) -> KeysView[str]:
        """Origins that must be published once more."""
        return self._outdated.keys()

    @property
    def lost(self) -> bool:
        """Whether the core lacks some of what was published."""
        return bool(self._lost)

    def get(self, origin: str) -> Published:
        """What is known of a zone; ABSENT where nothing is."""
        return self._known.get(origin, ABSENT)

    def clear(self) -> None:
        """Know nothing."""
        self.names = NameSum()
        self._known.clear()
        self._outdated.clear()
        self._lost.clear()

    def put(self, origin: str, known: Published) -> None:
        """Know this of a zone."""
        self._known[origin] = known
        self.names.put(origin, known.live)
        manifest = known.manifest
        self._lost.add(origin) if known.lost else self._lost.discard(origin)
        current = manifest is None or (manifest.format, known.key) == (self.format, self.key)
        again = known.again or self._asked(known) or not current
        if known.lost or (again and not known.lacks_content):
            self._outdated[origin] = None
        else:
            self._outdated.pop(origin, None)

    def try_(self, origin: str, seq: int) -> None:
        """A publication with this number is tried, so the number is used."""
        self._known[origin] = replace(self._known[origin], seq=seq)

    def rewrite(self, format_: int, key: str) -> None:
        """Another format is written, or another key signs, from now on."""
        self.format, self.key = format_, key
        self._judge_all()

    def ask(self, floor: int) -> set[str]:
        """Everything with an epoch up to this is to be published again; what of it is known, where
        that was not asked for before."""
        if floor == self.floor:
            return set()
        self.floor = floor
        self._judge_all()
        return {each for each, known in self._known.items() if self._asked(known)}

    def _asked(self, known: Published) -> bool:
        return known.manifest is not None and known.manifest.revision.epoch <= self.floor

    def _judge_all(self) -> None:
        for origin, known in self._known.items():
            self.put(origin, known)
