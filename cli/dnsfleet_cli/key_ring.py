"""The TSIG keys that the documents of a fleet ask for, each in its last good version."""

from collections.abc import Iterable, Mapping, Sequence

from dnsfleet import tsig_keys
from dnsfleet.resources import Reference, Secret, TsigKey
from dnsfleet.resources.documents import Document
from dnsfleet.tsig_keys import PrimaryKey, UsableKey
from dnsfleet.violations import Violation

KINDS = frozenset({"TsigKey", "Secret"})
"""Of the documents that keys are made of."""


class KeyRing:
    """What `update` made of the newest documents.

    A TsigKey that has become unusable, as without its Secret, stays as it was: only who takes the
    TsigKey away ends a key.
    """

    def __init__(self) -> None:
        self._known: dict[Reference, UsableKey] = {}
        self._keys: list[TsigKey] = []
        self.primaries: Mapping[str, PrimaryKey] = {}
        """Keys by which zones are fetched, by the names of the TsigKeys."""
        self.violations: list[Violation] = []
        """What is wrong with keys now."""

    @property
    def for_gate(self) -> Sequence[UsableKey]:
        """Those that a gate accepts."""
        return tsig_keys.for_gate(self._keys, self._known)

    def update(self, documents: Iterable[Document]) -> None:
        """Take these as all documents that there are."""
        resources = [document.resource for document in documents]
        keys = [each for each in resources if isinstance(each, TsigKey)]
        secrets = {each.reference: each for each in resources if isinstance(each, Secret)}
        found, self.violations = tsig_keys.resolve(keys, secrets)
        taken = {each.name for each in found.values()}
        kept = {
            key.reference: known
            for key in keys
            if key.reference not in found
            and (known := self._known.get(key.reference)) is not None
            and known.name not in taken
        }
        self._known, self._keys = found | kept, keys
        self.primaries = tsig_keys.for_primaries(keys, self._known)
