"""The pods, Deployments and Services of the Pops, from lists and events. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from dnsfleet_operator.labels import POP_LABEL

Manifest = Mapping[str, Any]

KINDS = ("Deployment", "Pod", "Service")


class Workloads:
    """The newest version of each object that is known. Not locked: one thread owns it."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Manifest]] = {kind: {} for kind in KINDS}

    def get(self, kind: str, name: str) -> Manifest | None:
        """The object of a kind and name."""
        return self._known[kind].get(name)

    @property
    def pods(self) -> list[Manifest]:
        """All pods."""
        return list(self._known["Pod"].values())

    @property
    def pops(self) -> set[str]:
        """The Pops that have any object."""
        return {
            manifest["metadata"]["labels"][POP_LABEL]
            for own in self._known.values()
            for manifest in own.values()
        }

    def put(self, manifest: Manifest) -> Manifest | None:
        """Take a version, unless it is older than the known one, which is returned."""
        known = self._known[manifest["kind"]]
        name = manifest["metadata"]["name"]
        before = known.get(name)
        if before is None or _version(before) <= _version(manifest):
            known[name] = manifest
        return before

    def remove(self, manifest: Manifest) -> None:
        """Forget an object that was deleted, unless there is a new one of its name."""
        known = self._known[manifest["kind"]]
        before = known.get(manifest["metadata"]["name"])
        if before is not None and before["metadata"]["uid"] == manifest["metadata"]["uid"]:
            del known[manifest["metadata"]["name"]]

    def replace(self, kind: str, manifests: Iterable[Manifest]) -> None:
        """Take a complete list of a kind."""
        self._known[kind] = {manifest["metadata"]["name"]: manifest for manifest in manifests}


def _version(manifest: Manifest) -> int:
    return int(manifest["metadata"]["resourceVersion"])
