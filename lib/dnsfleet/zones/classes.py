"""Which ZoneClass a Zone is of, and what it gets by that.

The longest suffix that any class names, and that the origin is at or below, decides; of the classes
that name it, the first by name that takes the namespace. So two teams may have a class each for one
suffix, and a class for a longer one takes names out of the hands of all those above it. Where
classes name the suffix and none takes the namespace, the Zone is refused. Where no suffix fits,
there is no class, and nothing changes.

A class decides about what is new. A Zone that is served already and that no class takes, as one
came or was narrowed, goes on with a warning. The first class by name is its class then: a label
that a namespace lost takes neither name servers from its zones nor rules.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dnsfleet import names
from dnsfleet.resources import DEFAULT_TTL, Zone, ZoneClass
from dnsfleet.resources.zones import GivenByClass
from dnsfleet.violations import Severity, Violation

REASON = "NotAllowedByClass"
MAX_NAMED = 3
"""Classes that a message names."""


class Classes:
    """All ZoneClasses, by their suffixes."""

    def __init__(self) -> None:
        self._by_name: dict[str, ZoneClass] = {}
        self._by_suffix: dict[str, dict[str, ZoneClass]] = {}

    def __iter__(self) -> Iterator[ZoneClass]:
        return iter(self._by_name.values())

    def put(self, zone_class: ZoneClass) -> set[str]:
        """A class is there, or changed; the suffixes at or below which that matters."""
        name = zone_class.metadata.name
        known = self._by_name.get(name)
        if known is not None and known.spec == zone_class.spec:
            return set()  # labels and annotations say nothing here
        before = self.remove(name)
        self._by_name[name] = zone_class
        for suffix in zone_class.suffixes:
            self._by_suffix.setdefault(suffix, {})[name] = zone_class
        return before | zone_class.suffixes

    def remove(self, name: str) -> set[str]:
        """A class is gone; the suffixes at or below which that matters."""
        known = self._by_name.pop(name, None)
        if known is None:
            return set()
        for suffix in known.suffixes:
            del self._by_suffix[suffix][name]
            if not self._by_suffix[suffix]:
                del self._by_suffix[suffix]
        return known.suffixes

    def of(self, zone: Zone, labels: Mapping[str, Mapping[str, str]]) -> ZoneClass | None:
        """The class of a Zone that owns its origin; `labels` are those of each namespace."""
        near = self._near(zone)
        return next((each for each in near if _takes(each, zone, labels)), next(iter(near), None))

    def takes(self, zone: Zone, labels: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether a class takes a Zone, or none decides about it."""
        near = self._near(zone)
        return not near or any(_takes(each, zone, labels) for each in near)

    def may_take(self, zone: Zone, labels: Mapping[str, Mapping[str, str]]) -> bool:
        """The same where a namespace that is not known may have any labels."""
        if self.takes(zone, labels):
            return True
        allowed = (each.spec.namespaces for each in self._near(zone))
        by_label = any(each is not None and each.selector is not None for each in allowed)
        return by_label and zone.reference.namespace not in labels

    def refusal(
        self, zone: Zone, labels: Mapping[str, Mapping[str, str]], served: bool = False
    ) -> Violation | None:
        """Why no class takes a Zone; a warning where it is `served` already."""
        if self.takes(zone, labels):
            return None
        near = self._near(zone)
        told = ", ".join(each.metadata.name for each in near[:MAX_NAMED])
        more = f" and {len(near) - MAX_NAMED} more" if len(near) > MAX_NAMED else ""
        message = (
            f"ZoneClass {told}{more} decides about {zone.origin} and does not take namespace "
            f"{zone.reference.namespace}; have its spec.namespaces allow it, or use another origin"
        )
        if served:
            message += "; what is served goes on"
        severity: Severity = "warning" if served else "error"
        return Violation(REASON, message, f"{zone.reference}: spec.origin", severity)

    def _near(self, zone: Zone) -> Sequence[ZoneClass]:
        """The classes with the longest suffix that fits, by name."""
        if not self._by_suffix:
            return ()
        for name in (zone.origin, *names.ancestors(zone.origin)):
            if (found := self._by_suffix.get(name)) is not None:
                return [found[each] for each in sorted(found)]
        return ()


def _takes(zone_class: ZoneClass, zone: Zone, labels: Mapping[str, Mapping[str, str]]) -> bool:
    allowed, namespace = zone_class.spec.namespaces, zone.reference.namespace
    return allowed is None or allowed.allows(namespace, labels.get(namespace, {}))


def given(zone: Zone, zone_class: ZoneClass | None) -> dict[str, Any]:
    """What a Zone has of its class because its spec does not say it: fields of `GivenByClass`."""
    if zone_class is None:
        return {}
    said, defaults = zone.spec.model_fields_set, zone_class.spec.defaults
    found: dict[str, Any] = {}
    if zone.is_catalog:
        return found
    if "ttl" not in said and (ttl := _default_ttl(zone_class)) is not None:
        found["ttl"] = ttl
    if not zone.spec.has_file:
        if zone.spec.name_servers is None and defaults.name_servers is not None:
            found["name_servers"] = defaults.name_servers
        if zone.spec.soa is None and defaults.soa is not None:
            found["soa"] = defaults.soa
    if "placement" not in said and defaults.pop_selector is not None:
        found["pop_selector"] = defaults.pop_selector
    return found


def shown(zone: Zone, zone_class: ZoneClass) -> dict[str, Any]:
    """What a class gives to a Zone, as `status.zoneClass` has it."""
    fields = given(zone, zone_class)
    found = GivenByClass.model_construct(name=zone_class.metadata.name, **fields)
    status = found.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if found.soa is not None:
        status["soa"] = found.soa.model_dump(mode="json", by_alias=True, exclude_none=True)
    return status


def applied(zone: Zone, zone_class: ZoneClass | None) -> Zone:
    """A Zone with what its class gives it; the same object where that is nothing."""
    found = given(zone, zone_class)
    if not found:
        return zone
    changes = {key: value for key, value in found.items() if key != "pop_selector"}
    if "pop_selector" in found:
        placement = zone.spec.placement.model_copy(update={"pop_selector": found["pop_selector"]})
        changes["placement"] = placement
    return zone.model_copy(update={"spec": zone.spec.model_copy(update=changes)})


def _default_ttl(zone_class: ZoneClass) -> int | None:
    """The TTL that a class gives; without one of its own the usual one, within its bounds."""
    if zone_class.spec.defaults.ttl is not None:
        return zone_class.spec.defaults.ttl
    bounds = zone_class.spec.ttl
    if bounds is None or bounds.minimum <= DEFAULT_TTL <= bounds.maximum:
        return None
    return min(max(DEFAULT_TTL, bounds.minimum), bounds.maximum)
