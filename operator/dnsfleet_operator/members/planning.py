"""Which Zones are made, changed and deleted for the catalogs of primaries (RFC 9432). Pure.

    what a catalog lists  ┐                ┌ create, where nobody names the origin yet
    the Zones that are    ├──▶ marks ──▶ ──┤ change, where its Zone is not as it is to be
    the catalog's Zone    ┘                └ delete, where it is listed no more

A mark is a member that may differ: what is listed differs, a Zone of it or in its way does, or the
template. So a change costs what it changes. All members are looked at when a catalog is new, when
its template is another one, and when an operator begins to lead.

A member whose origin or name somebody else has is refused, and looked at again when that Zone is
another one. Zones that were not made for a catalog are never changed (see
`dnsfleet.zones.member_zones`).
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dnsfleet import names, resources
from dnsfleet.resources import Reference, Zone
from dnsfleet.resources.catalogs import MAX_REFUSED
from dnsfleet.zones import member_zones
from dnsfleet.zones.consumed_catalogs import Members
from dnsfleet.zones.member_zones import Membership, Object

from dnsfleet_operator.members.steps import WRITE_FAILED, Refusal, Standing, Step
from dnsfleet_operator.observed.observation import Observation

Naming = Callable[[str], Iterable[Reference]]
"""Gives the Zones that name an origin, however they are understood."""


@dataclass
class _Catalog:
    zone: Zone
    listed: Members = field(default_factory=dict)
    revision: str = ""
    """That `listed` is of; empty where it is not known what it lists, and nothing is done."""
    confirmed: bool = False
    """Whether a primary said that this is its newest list; without that nothing is deleted."""
    marks: dict[str, None] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)


class Plans:
    """All catalogs of primaries, and what is to be done for them. One thread uses it."""

    def __init__(self, observation: Observation, naming: Naming) -> None:
        self._observation = observation
        self._naming = naming
        self._catalogs: dict[Reference, _Catalog] = {}
        self._made: dict[Reference, Membership] = {}
        """The Zones that were made for members."""
        self._origins: dict[Reference, set[str]] = {}
        """Their origins, by catalog."""
        self._in_the_way: dict[Reference, set[tuple[Reference, str]]] = {}
        """The members that a Zone is in the way of."""

    @property
    def catalogs(self) -> list[Zone]:
        """The Zones that are catalogs of primaries."""
        return [each.zone for each in self._catalogs.values()]

    def standing(self, catalog: Reference) -> Standing | None:
        """What became of the members of a catalog; None where that is not known."""
        known = self._catalogs.get(catalog)
        if known is None or not known.revision:
            return None
        late = known.listed.keys() & (known.refused.keys() | known.marks.keys())
        named = tuple((o, known.refused[o]) for o in sorted(known.refused)[:MAX_REFUSED])
        members, waiting = len(known.listed), len(known.marks)
        return Standing(members, members - len(late), waiting, len(known.refused), named)

    def revision(self, catalog: Reference) -> str:
        """The revision of a catalog that is known; empty for none."""
        return self._catalogs[catalog].revision

    # What changed

    def take(self, zones: Iterable[Reference]) -> None:
        """These Zones came, changed or went."""
        for reference in zones:
            for catalog, origin in self._in_the_way.pop(reference, ()):
                self._mark(catalog, origin)
            zone = self._zone(reference)
            self._know(reference, None if zone is None else member_zones.membership(zone))
            if zone is None or zone.spec.consumed is None:
                self._catalogs.pop(reference, None)
                continue
            known = self._catalogs.get(reference)
            if known is None or known.zone.metadata.uid != zone.metadata.uid:
                known = self._catalogs[reference] = _Catalog(zone)  # it may have another origin
            if known.zone.spec != zone.spec:
                self._mark_all(known)
            known.zone = zone

    def lists(self, catalog: Reference, revision: str, listed: Members) -> None:
        """A catalog lists this in a revision; empty where that is not known: nothing is done."""
        known = self._catalogs[catalog]
        known.revision, before_known = revision, bool(known.revision)
        if not revision:
            return
        before, known.listed = known.listed, listed
        differ = {o for o in before.keys() | listed.keys() if before.get(o) != listed.get(o)}
        if before_known:
            known.marks |= dict.fromkeys(sorted(differ))
        else:
            self._mark_all(known)
        for other in self._catalogs.values():  # one of these may move there
            if other is not known:
                other.marks |= dict.fromkeys(sorted(differ & other.refused.keys()))

    def confirm(self, catalog: Reference, confirmed: bool) -> None:
        """Whether a primary says that what a catalog lists is its newest list.

        A core that came back from a copy has an earlier one, which lacks what came since.
        """
        known = self._catalogs[catalog]
        if confirmed and not known.confirmed:
            known.marks |= dict.fromkeys(self._left(known))
        known.confirmed = confirmed

    @property
    def postponed(self) -> bool:
        """Whether Zones are to be deleted as soon as a primary confirms that."""
        return any(
            known.revision and not known.confirmed and self._left(known)
            for known in self._catalogs.values()
        )

    def failed(self, step: Step, refusal: Refusal | None) -> None:
        """A step was not done: the member is refused, or where nothing is said tried next."""
        if (known := self._catalogs.get(step.catalog)) is None:
            return
        if refusal is None:
            known.marks[step.origin] = None
        else:
            self._refuse(known, step.origin, refusal)

    @property
    def failing(self) -> bool:
        """Whether the API server did not take the Zone of some member."""
        return any(known.revision and any(_failed(known)) for known in self._catalogs.values())

    def retry(self, most: int) -> None:
        """Have so many such members of each catalog looked at, those first that wait longest."""
        for known in self._catalogs.values():
            known.marks |= dict.fromkeys(itertools.islice(_failed(known), most))

    # What is to be done

    def look(self) -> Step | None:
        """Look at the next member; what is to be written of it, None for nothing."""
        known = next(
            (each for each in self._catalogs.values() if each.revision and each.marks), None
        )
        if known is None:
            return None
        origin = next(iter(known.marks))
        del known.marks[origin]
        known.refused.pop(origin, None)
        return self._step(known, origin)

    @property
    def waiting(self) -> bool:
        """Whether some members wait to be looked at."""
        return any(known.revision and known.marks for known in self._catalogs.values())

    def _step(self, known: _Catalog, origin: str) -> Step | None:
        catalog = known.zone.reference
        reference = member_zones.reference_of(catalog, origin)
        made, there = self._made.get(reference), self._observation.get(reference)
        uid = "" if there is None else there.uid
        own = made is not None and member_zones.is_of(made, known.zone) and made.origin == origin
        listed = known.listed.get(origin)
        if listed is None:
            goes = own and known.confirmed and made is not None and _listed_by(made, known)
            return Step("delete", catalog, origin, reference, uid, {}) if goes else None
        wanted = member_zones.wanted(known.zone, origin, listed)
        if own or (made is not None and self._may_move(made, origin, known)):
            zone = self._zone(reference)
            if zone is not None and member_zones.is_as(zone, wanted):
                return None
            return Step("change", catalog, origin, reference, uid, wanted)
        refusal = self._refusal(wanted, reference, made, origin) or _invalid(wanted)
        if refusal is None:
            return Step("create", catalog, origin, reference, "", wanted)
        self._refuse(known, origin, refusal)
        return None

    def _may_move(self, made: Membership, origin: str, known: _Catalog) -> bool:
        """Whether the catalog that a Zone was made for says that it goes over to this one.

        One that sends the member on does not take it: two that name each other would write the Zone
        in turn for ever.
        """
        former = self._catalogs.get(made.catalog)
        if former is None or made.origin != origin or not member_zones.is_of(made, former.zone):
            return False
        listed, here = former.listed.get(origin), known.zone.origin
        sends_on = known.listed[origin].moves_to not in ("", here)
        return listed is not None and listed.moves_to == here and not sends_on

    def _refusal(
        self, wanted: Object, reference: Reference, made: Membership | None, origin: str
    ) -> Refusal | None:
        shown = names.shown(origin)
        if made is not None and made.origin == origin:
            message = (
                f"{shown} is a member of another catalog already, as {made.node} (Zone "
                f"{made.catalog.name}); take it out of one of them, or write a coo property there"
            )
            return Refusal("MemberOfOther", message, reference)
        if self._observation.get(reference) is not None:
            label, node = member_zones.CATALOG_LABEL, member_zones.MEMBER_ANNOTATION
            metadata = wanted["metadata"]
            message = (
                f"{reference} was not made for this catalog; have it stay, or hand it over with "
                f"the label {label}={metadata['labels'][label]} and the annotation "
                f"{node}={metadata['annotations'][node]}"
            )
            return Refusal("NameTaken", message, reference)
        other = next(iter(self._naming(origin)), None)
        if other is None:
            return None
        return Refusal("OriginTaken", f"{other} has this origin already", other)

    # Tables

    def _left(self, known: _Catalog) -> list[str]:
        """The origins whose Zones a catalog listed and lists no more."""
        made = self._origins.get(known.zone.reference, set()) - known.listed.keys()
        zones = ((o, member_zones.reference_of(known.zone.reference, o)) for o in sorted(made))
        return [origin for origin, zone in zones if _listed_by(self._made[zone], known)]

    def _zone(self, reference: Reference) -> Zone | None:
        known = self._observation.get(reference)
        found = None if known is None or known.document is None else known.document.resource
        return found if isinstance(found, Zone) else None

    def _know(self, reference: Reference, membership: Membership | None) -> None:
        """Keep up to date which Zone was made for which member."""
        before = self._made.pop(reference, None)
        if before is not None:
            self._origins[before.catalog].discard(before.origin)
            self._mark(before.catalog, before.origin)
        if membership is not None:
            self._made[reference] = membership
            self._origins.setdefault(membership.catalog, set()).add(membership.origin)
            self._mark(membership.catalog, membership.origin)

    def _refuse(self, known: _Catalog, origin: str, refusal: Refusal) -> None:
        known.refused[origin] = refusal
        if refusal.blocker is not None:
            members = self._in_the_way.setdefault(refusal.blocker, set())
            members.add((known.zone.reference, origin))

    def _mark(self, catalog: Reference, origin: str) -> None:
        if (known := self._catalogs.get(catalog)) is not None:
            known.marks[origin] = None

    def _mark_all(self, known: _Catalog) -> None:
        made = self._origins.get(known.zone.reference, set())
        known.marks |= dict.fromkeys(sorted(known.listed.keys() | made))


def _listed_by(made: Membership, known: _Catalog) -> bool:
    """Whether a Zone was made for this very catalog, or it listed it since."""
    uid = known.zone.metadata.uid
    return made.uid == uid and member_zones.is_of(made, known.zone)


def _failed(known: _Catalog) -> Iterator[str]:
    """The members whose Zones the API server did not take, those first that wait longest."""
    return (o for o, each in known.refused.items() if each.reason == WRITE_FAILED)


def _invalid(wanted: Object) -> Refusal | None:
    """Why nobody could make such a Zone: names may be listed that are no origin here."""
    resource, violations = resources.parse(wanted, "a Zone of it")
    return None if resource is not None else Refusal("InvalidZone", str(violations[0]))
