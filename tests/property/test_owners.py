"""Owners that are kept up to date by increments are those that one pass over all Zones gives."""

from typing import NamedTuple

from dnsfleet import names
from dnsfleet.resources import Reference, Zone
from dnsfleet.zones import ownership
from dnsfleet.zones.classes import Classes
from dnsfleet.zones.owners import Owners
from dnsfleet.zones.registrations import Registration
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support import yaml_resources

ORIGINS = ("example", "a.example", "b.a.example", "c.b.a.example", "d.example", "test", ".")
NAMESPACES = ("one", "two", "three")
CONSENTS = ("{}", "{from: All}", "{from: Selector, selector: {matchLabels: {dns: 'yes'}}}")
TIMES = ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z")
NAMES = st.tuples(st.sampled_from(NAMESPACES), st.sampled_from(["x", "y", "z"]))


class Put(NamedTuple):
    """A Zone is made or changed."""

    name: tuple[str, str]
    origin: str
    consent: str
    created: str


class Remove(NamedTuple):
    """A Zone is deleted, if there is one."""

    name: tuple[str, str]


class Relabel(NamedTuple):
    """A namespace gets its label, or loses it."""

    namespace: str


class Classify(NamedTuple):
    """A ZoneClass is made or changed, or goes where it has no suffix."""

    name: str
    suffixes: tuple[str, ...]
    namespaces: str


class Register(NamedTuple):
    """An origin belongs to a Zone, whether it is there or not; nobody's without one."""

    origin: str
    name: tuple[str, str] | None
    created: str


class Publish(NamedTuple):
    """The owner of an origin publishes it, and is registered."""

    origin: str


ALLOWED = ("null", "{names: [one]}", "{selector: {matchLabels: {dns: 'yes'}}}")
STEPS = st.lists(
    st.lists(
        st.one_of(
            st.builds(
                Put,
                NAMES,
                st.sampled_from(ORIGINS),
                st.sampled_from(CONSENTS),
                st.sampled_from(TIMES),
            ),
            st.builds(Remove, NAMES),
            st.builds(Relabel, st.sampled_from(NAMESPACES)),
            st.builds(
                Classify,
                st.sampled_from(["i", "j"]),
                st.lists(st.sampled_from(ORIGINS), max_size=2).map(tuple),
                st.sampled_from(ALLOWED),
            ),
            st.builds(
                Register, st.sampled_from(ORIGINS), st.none() | NAMES, st.sampled_from(TIMES)
            ),
            st.builds(Publish, st.sampled_from(ORIGINS)),
        ),
        max_size=4,
    ),
    max_size=12,
)

OLDER_COMES_LATER: list[list[Put | Remove | Relabel | Classify | Register | Publish]] = [
    [Put(("one", "x"), "a.example", "{}", TIMES[2])],
    [Publish("a.example")],
    [Put(("two", "x"), "a.example", "{}", TIMES[0])],
]


def zone(put: Put) -> Zone:
    namespace, name = put.name
    spec = f"{{origin: {put.origin!r}, nestedZones: {{namespaces: {put.consent}}}}}"
    return yaml_resources.zone(spec, name=name, namespace=namespace, creationTimestamp=put.created)


@settings(max_examples=300, deadline=None)
@given(STEPS)
@example(OLDER_COMES_LATER)
def test_increments_come_to_the_verdicts_of_one_look_at_all(
    steps: list[list[Put | Remove | Relabel | Classify | Register | Publish]],
) -> None:
    owners, zones = Owners(), dict[Reference, Zone]()
    labels: dict[str, dict[str, str]] = {}
    classes, registered = Classes(), dict[str, Registration]()
    before: dict[str, Zone] = {}
    for step in steps:
        for change in step:
            match change:
                case Put():
                    made = zone(change)
                    zones[made.reference] = made
                    owners.put(made)
                case Remove(name=(namespace, name)):
                    reference = Reference("Zone", namespace, name)
                    zones.pop(reference, None)
                    owners.remove(reference)
                case Relabel(namespace=namespace):
                    labels[namespace] = {} if labels.get(namespace) else {"dns": "yes"}
                    owners.relabelled(namespace)
                case Classify(name, suffixes, namespaces):
                    spec = f"{{suffixes: {list(suffixes)}, namespaces: {namespaces}}}"
                    for each in (classes, owners.classes):
                        different = each.remove(name)
                        if suffixes:
                            different |= each.put(yaml_resources.zone_class(spec, name))
                    owners.reclassify(different)
                case Register(text, whose, created):
                    origin = names.normalise(text)
                    registered.pop(origin, None)
                    if whose is not None:
                        reference = Reference("Zone", *whose)
                        registered[origin] = Registration(reference, created)
                    owners.register(origin, registered.get(origin))
                case Publish(text):
                    if (owner := before.get(names.normalise(text))) is not None:
                        created = owner.metadata.creation_timestamp
                        registered[owner.origin] = Registration(owner.reference, created)
                        owners.register(owner.origin, registered[owner.origin])
        changed = owners.settle(labels)
        wanted, violations = ownership.zones_by_origin(zones.values(), labels, classes, registered)
        assert {reference for reference in zones if owners.owns(reference)} == {
            each.reference for each in wanted.values()
        }
        found = [refusal for each in zones if (refusal := owners.refusal(each)) is not None]
        assert sorted(found) == sorted(violations)
        for origin, known in registered.items():  # who published it comes before all others
            if (first := zones.get(known.zone)) is not None and first.origin == origin:
                why = owners.refusal(known.zone)
                assert why is None or why.reason == "NotAllowedByZone"
        origins = before.keys() | wanted.keys()
        assert {each for each in origins if before.get(each) != wanted.get(each)} <= changed.origins
        assert {each: owners.owner(each) for each in wanted} == wanted
        before = wanted
    for reference in zones:
        owners.remove(reference)
    owners.settle(labels)
    assert not owners._nodes  # nothing is kept of Zones that were deleted
    assert not owners._candidates
    assert not owners._in_namespace
