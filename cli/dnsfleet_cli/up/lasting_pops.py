"""Pops that run on although their documents are gone, because nobody else answers for some zone.

A document that vanishes may be a mistake, and in a cluster the last Pop of a zone runs on then
until that is approved. Here the approval is a document that says so: the Pop's, with `state:
Drained`. It also ends by itself when another Pop answers for its zones. A fleet that is started
without the document does not know of the Pop any more.

The Pops that are gone are decided about one after the other, so that two of them never rely on each
other.
"""

from collections.abc import Callable, Collection, Iterable, Set

from dnsfleet.replication.manifests import Manifest
from dnsfleet.resources import Pop

from dnsfleet_cli.up import events
from dnsfleet_cli.up.pops import active

MAX_NAMED = 3
"""Zones that a warning names."""


class LastingPops:
    """Remembers what ran; `show` is told once of each Pop that runs on."""

    def __init__(self, show: Callable[[events.Event], None]) -> None:
        self._show = show
        self._ran: dict[str, Pop] = {}
        self._kept: dict[str, Pop] = {}
        self._told: set[str] = set()

    @property
    def kept(self) -> Set[str]:
        """The Pops that run without a document."""
        return self._kept.keys()

    @property
    def settling(self) -> Set[str]:
        """Those of them that may be kept only because others are about to prove their answers."""
        return self._kept.keys() - self._told

    def gone(self, wanted: Iterable[Pop]) -> list[str]:
        """The Pops that ran and have no document among these, sorted."""
        return sorted(self._ran.keys() - {pop.metadata.name for pop in wanted})

    def decide(
        self, wanted: list[Pop], manifests: Collection[Manifest], proven: Set[str]
    ) -> list[Pop]:
        """The Pops to run: those that have documents, and those that have to run on.

        `manifests` are what is published; `proven` are the Pops that answer all of it. A Pop is
        told of when it is kept a second time: at first others may be about to prove it.
        """
        answering = proven & {pop.metadata.name for pop in active(wanted)}
        kept: dict[str, Pop] = {}
        for name in self.gone(wanted):
            lost = sorted(
                manifest.zone
                for manifest in manifests
                if manifest.assigned(name) and not any(map(manifest.assigned, answering))
            )
            if lost:
                kept[name] = self._ran[name]
                answering |= {name}
                if name in self._kept:
                    self._tell(name, lost)
        self._told &= kept.keys()
        self._kept = kept
        self._ran = {pop.metadata.name: pop for pop in active(wanted)} | kept
        return [*wanted, *kept.values()]

    def _tell(self, name: str, lost: list[str]) -> None:
        if name in self._told:
            return
        self._told.add(name)
        more = f" and {len(lost) - MAX_NAMED} more" if len(lost) > MAX_NAMED else ""
        message = (
            f"it has no document any more and runs on: no other Pop answers for "
            f"{', '.join(lost[:MAX_NAMED])}{more}; put its document back, with `state: Drained` in "
            "its spec to stop it"
        )
        self._show(events.Warned(f"Pop {name}", message, "LastActivePop"))
