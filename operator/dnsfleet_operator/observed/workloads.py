"""The pods, Deployments, DaemonSets and Services of the Pops, from lists and events. Pure."""

from collections.abc import Iterable

from dnsfleet_operator.objects import POP_LABEL, Object
from dnsfleet_operator.observed import edge_sets

KINDS = ("Deployment", "DaemonSet", "Pod", "Service")


class Workloads:
    """The newest version of each object that is known. Not locked: one thread owns it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Object]] = {kind: {} for kind in KINDS}

    def get(self, kind: str, name: str) -> Object | None:
        """The object of a kind and name."""
        return self._known[kind].get(name)

    def edges(self, pop: str) -> list[Object]:
        """What runs the edges of a Pop: two while it goes from one exposure to the other."""
        found = [self.get(kind, edge_sets.name(pop)) for kind in edge_sets.KINDS]
        return [each for each in found if each is not None]

    def nodes(self, pop: str) -> tuple[str, ...]:
        """The addresses of the nodes on whose network edges of a Pop run, in order."""
        found = {
            address
            for pod in self.pods
            if pod["metadata"]["labels"][POP_LABEL] == pop and edge_sets.is_on_node(pod)
            for address in edge_sets.host_ips(pod)
        }
        return tuple(sorted(found))

    @property
    def pods(self) -> list[Object]:
        """All pods."""
        return list(self._known["Pod"].values())

    @property
    def pops(self) -> set[str]:
        """The Pops that have any object."""
        return {
            each["metadata"]["labels"][POP_LABEL]
            for own in self._known.values()
            for each in own.values()
        }

    def put(self, found: Object) -> Object | None:
        """Take a version, unless it is older than the known one, which is returned."""
        known = self._known[found["kind"]]
        name = found["metadata"]["name"]
        before = known.get(name)
        if before is None or _version(before) <= _version(found):
            known[name] = found
        return before

    def remove(self, found: Object) -> None:
        """Forget an object that was deleted, unless there is a new one of its name."""
        known = self._known[found["kind"]]
        before = known.get(found["metadata"]["name"])
        if before is not None and before["metadata"]["uid"] == found["metadata"]["uid"]:
            del known[found["metadata"]["name"]]

    def replace(self, kind: str, objects: Iterable[Object]) -> None:
        """Take a complete list of a kind."""
        self._known[kind] = {each["metadata"]["name"]: each for each in objects}


def _version(found: Object) -> int:
    return int(found["metadata"]["resourceVersion"])
