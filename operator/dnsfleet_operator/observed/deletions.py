"""Whether the end of a Zone, RecordSet or Pop was a wish to remove what it served.

Objects also end because their namespace or their CRD is deleted: the API server takes them along,
one by one, and each looks deleted like any other. That is no word about a zone. So the namespace
and the CRD must be there, must not be on their way out, and must be no younger than the object.
"""

from collections.abc import Mapping

from dnsfleet.resources import GROUP, Reference

from dnsfleet_operator.cluster import Cluster, ClusterError
from dnsfleet_operator.objects import Object, reference_of

DEFINITIONS = {
    "Zone": f"zones.{GROUP}",
    "RecordSet": f"recordsets.{GROUP}",
    "Pop": f"pops.{GROUP}",
    "ZoneClass": f"zoneclasses.{GROUP}",
    "TsigKey": f"tsigkeys.{GROUP}",
}
"""The name of the CRD of each kind."""
MOST_NAMED = 10
"""Objects that the log names for one cause: a namespace or a CRD takes all of its objects along."""


def why_not(created: str, containers: Mapping[str, Object | None]) -> str | None:
    """Why what it served stays; None where the object was deleted for its own sake. Pure.

    `created` is the creationTimestamp of the deleted object, `containers` are its `namespace`,
    where it had one, and its `CRD`, as they are now.
    """
    for kind, container in containers.items():
        if container is None:
            return f"its {kind} is gone too"
        metadata = container["metadata"]
        if metadata.get("deletionTimestamp"):
            return f"its {kind} is being deleted"
        if metadata["creationTimestamp"] > created:
            return f"its {kind} was made anew since"
    return None


def refused(found: Mapping[Reference, str | None], stays: str) -> list[str]:
    """What to log of objects that are gone and were not meant to be, of each cause the first few.

    `found` is what `Deletions.why_not` gave, `stays` what goes on.
    """
    causes: dict[str, list[Reference]] = {}
    for reference, why in found.items():
        if why is not None:
            causes.setdefault(why, []).append(reference)
    lines = []
    for why, gone in causes.items():
        lines += [f"{reference} is gone and {stays}: {why}" for reference in gone[:MOST_NAMED]]
        if len(gone) > MOST_NAMED:
            lines.append(f"{len(gone) - MOST_NAMED} more are gone and {stays}: {why}")
    return lines


class Deletions:
    """Asks the API server about objects that are gone. Any method may raise ClusterError."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def why_not(self, gone: Mapping[Reference, str]) -> dict[Reference, str | None]:
        """`why_not` for each of these objects, given with its creationTimestamp."""
        definitions = {
            kind: self._cluster.get("CustomResourceDefinition", DEFINITIONS[kind])
            for kind in {reference.kind for reference in gone}
        }
        namespaces = {
            name: self._cluster.get("Namespace", name)
            for name in {reference.namespace for reference in gone if reference.namespace}
        }
        found = {}
        for reference, created in gone.items():
            containers = {"CRD": definitions[reference.kind]}
            if reference.namespace:
                containers = {"namespace": namespaces[reference.namespace]} | containers
            found[reference] = why_not(created, containers)
        return found | self._doubts([reference for reference, why in found.items() if why is None])

    def definition_created(self, kind: str) -> str | None:
        """The creationTimestamp of the CRD of a kind; None where it is gone, or is to go."""
        found = self._cluster.get("CustomResourceDefinition", DEFINITIONS[kind])
        if found is None or found["metadata"].get("deletionTimestamp"):
            return None
        return str(found["metadata"]["creationTimestamp"])

    def _doubts(self, meant: list[Reference]) -> dict[Reference, str]:
        """Those of the references that name an object; many are looked up by one list.

        And those in a namespace in which nobody may look any more: that holds up no others.
        """
        found: dict[Reference, str] = {}
        for kind in {reference.kind for reference in meant}:
            asked = {reference for reference in meant if reference.kind == kind}
            limited = self._cluster.places(kind) != ("",)
            for place in {reference.namespace for reference in asked} if limited else {""}:
                here = {each for each in asked if not limited or each.namespace == place}
                try:
                    again = self._there(kind, place, here)
                except ClusterError as error:
                    if not (limited and error.forbidden):
                        raise
                    found |= dict.fromkeys(here, f"it cannot be looked up: {error}")
                    continue
                why = f"there is a {kind} of that name again"
                found |= dict.fromkeys(again, why)
        return found

    def _there(self, kind: str, place: str, asked: set[Reference]) -> set[Reference]:
        """Those of one kind and place that name an object."""
        if len(asked) > 1:
            return asked & {reference_of(each) for each in self._cluster.objects(kind, place)}
        (reference,) = asked
        found = self._cluster.get(kind, reference.name, reference.namespace)
        return asked & ({reference_of({"kind": kind, **found})} if found is not None else set())
