"""Catalogs: which zones each one lists, kept up to date for the price of what changed.

    a zone is published for the first time   it comes into the catalogs whose Zone selects it
    the labels of its Zone change            it comes into some, and leaves others
    it is removed from the core              it leaves all

What counts is that a zone is published, and not that somebody wants it. So secondaries hear of a
zone when they can transfer it, and lose it only after everything that holds removals has let it go.
A zone that is published and has no Zone, or one that cannot be understood, stays where it is: there
is nobody who could say that it is to leave.

What a catalog lists is known from its published content when a writer begins. Nothing is made of
catalogs before `open` says what is published, for a list without zones would have secondaries drop
all of them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from dnsfleet.resources import Reference, Zone
from dnsfleet.violations import Violation
from dnsfleet.zones import catalogs
from dnsfleet.zones.catalogs import Member
from dnsfleet.zones.classes import REASON
from dnsfleet_engine import Zone as EngineZone

from dnsfleet_publisher.last_good import Assembled
from dnsfleet_publisher.store_errors import StoreError
from dnsfleet_publisher.zone_sources import Source

RETRY_SECONDS = 1.0
"""Until a catalog is asked for again that the core did not give."""
PART = 200
"""Zones that a proof compares without a stop."""


class PublishedZones(NamedTuple):
    """All zones that are published."""

    revisions: Mapping[str, str]
    """By origin."""
    load: Callable[[str], EngineZone | None]
    """Gives the content of an origin; it may raise StoreError."""


@dataclass
class _Catalog:
    """One catalog as it is to be."""

    zone: Zone
    members: dict[str, Member]
    base: EngineZone
    """The catalog with `members`, as they were before `pending`."""
    pending: dict[str, Member | None] = field(default_factory=dict)
    """Members that changed since, as `base` has them; None where it has not."""
    removed: set[str] = field(default_factory=set)
    """Those of them whose zones were removed since: one that is made anew is another member."""

    def listed(self, origin: str) -> Member | None:
        """How a zone is listed. One that left and comes back before anybody saw it is the same."""
        if origin in self.members or origin in self.removed:
            return self.members.get(origin)
        return self.pending.get(origin)


class Catalogs:
    """What the catalogs of one writer list."""

    def __init__(self, zones: Mapping[str, Assembled], mark: Callable[[str], None]) -> None:
        """`zones` are those that have a Zone; `mark` has a catalog built again, by its origin."""
        self._zones = zones
        self._mark = mark
        self._live: dict[str, str] = {}
        self._load: Callable[[str], EngineZone | None] | None = None
        self.waiting = False
        """Whether a catalog was asked for before `open`."""
        self._catalogs: dict[Reference, _Catalog] = {}

    def open(self, published: PublishedZones) -> None:
        """Begin, with what is published now."""
        self._live, self._load = dict(published.revisions), published.load
        self._catalogs.clear()
        self.waiting = False
        for origin, built in self._zones.items():
            if built.resource.spec.catalog is not None:
                self._mark(origin)

    def published(self, origin: str, revision: str | None) -> None:
        """A zone is published with this revision; None where it is removed."""
        if revision is None:
            self._live.pop(origin, None)
        else:
            self._live[origin] = revision
        self.look(origin)
        if revision is None:
            for catalog in self._catalogs.values():
                if origin in catalog.pending:
                    catalog.removed.add(origin)

    def look(self, origin: str) -> None:
        """Something about a zone may be different; catalogs that list it otherwise are marked."""
        for catalog in self._catalogs.values():
            before, now = catalog.members.get(origin), self._member(catalog, origin)
            if before == now:
                continue
            catalog.pending.setdefault(origin, before)
            if now is None:
                del catalog.members[origin]
            else:
                catalog.members[origin] = now
            self._mark(catalog.zone.origin)

    def forget(self, zone: Reference) -> None:
        """A Zone is gone."""
        self._catalogs.pop(zone, None)

    def source(self, zone: Zone, *, may_list_all: bool) -> Source:
        """The content of a Zone that is a catalog; nothing before `open`.

        `may_list_all` says whether its class lets it list Zones of other namespaces.
        """
        asked = zone.spec.catalog
        if asked is not None and asked.from_ == "All" and not may_list_all:
            return Source(None, (_refusal(zone),))
        if self._load is None:
            self.waiting = True
            return Source(None)
        try:
            return Source(self._built(zone, self._load))
        except StoreError:
            return Source(None, again=RETRY_SECONDS)
        except ValueError as error:
            where = f"{zone.reference}: spec.origin"
            return Source(None, (Violation("BadCatalog", str(error), where),))

    def differences(self) -> Iterator[str | None]:
        """The origins of catalogs that do not list what one look at all zones gives.

        None ends each part; a catalog that changed meanwhile may be named although it is right.
        """
        for catalog in list(self._catalogs.values()):
            for number, origin in enumerate([*self._live, *catalog.members]):
                if number % PART == 0:
                    yield None
                if catalog.members.get(origin) != self._member(catalog, origin):
                    self.look(origin)
                    yield catalog.zone.origin

    def _built(self, zone: Zone, load: Callable[[str], EngineZone | None]) -> EngineZone:
        known = self._catalogs.get(zone.reference)
        if known is None or known.zone.spec != zone.spec:
            return self._begin(zone, known, load).base
        known.zone = zone
        if known.pending:
            gone = {each: was for each, was in known.pending.items() if was is not None}
            new = {each: known.members[each] for each in known.pending if each in known.members}
            known.base = catalogs.changed(known.base, zone, gone, new)
            known.pending.clear()
            known.removed.clear()
        return known.base

    def _begin(
        self,
        zone: Zone,
        known: _Catalog | None,
        load: Callable[[str], EngineZone | None],
    ) -> _Catalog:
        """A catalog that is new, or asks for something else; it costs a look at all zones."""
        if known is not None:
            both = ((each, known.listed(each)) for each in {*known.members, *known.pending})
            listed = {origin: member for origin, member in both if member is not None}
        else:
            published = load(zone.origin)
            was = published is not None and catalogs.is_catalog(published)
            listed = dict(catalogs.members(published)) if published is not None and was else {}
        catalog = _Catalog(zone, listed, catalogs.build(zone, {}))
        found = ((origin, self._member(catalog, origin)) for origin in {*self._live, *listed})
        catalog.members = {origin: member for origin, member in found if member is not None}
        catalog.base = catalogs.build(zone, catalog.members)
        self._catalogs[zone.reference] = catalog
        return catalog

    def _member(self, catalog: _Catalog, origin: str) -> Member | None:
        """How a catalog is to list a zone; None where it is not to."""
        revision, before = self._live.get(origin), catalog.listed(origin)
        if revision is None or origin == catalog.zone.origin:
            return None
        built, asked = self._zones.get(origin), catalog.zone.spec.catalog
        if built is None or asked is None:
            return before
        zone, wanted = built.resource, asked
        mine = zone.reference.namespace == catalog.zone.reference.namespace
        labels = zone.metadata.labels
        if zone.is_catalog or not (mine or wanted.from_ == "All"):
            return None
        if not wanted.zone_selector.matches(labels):
            return None
        group = "" if wanted.group_label is None else labels.get(wanted.group_label, "")
        if before is not None:
            return before._replace(group=group)
        birth = zone.metadata.uid or revision
        return Member(catalogs.label(origin, birth), group)


def _refusal(zone: Zone) -> Violation:
    message = (
        "a catalog lists Zones of other namespaces only where its ZoneClass says catalogs: "
        "{from: All}; have the platform team allow that, or list those of this namespace"
    )
    return Violation(REASON, message, f"{zone.reference}: spec.source.catalog.from")
