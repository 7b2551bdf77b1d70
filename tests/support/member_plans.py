"""The Zones of catalogs of primaries, with an API server that is a dict and no core."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from dnsfleet.resources import Reference
from dnsfleet.zones.consumed_catalogs import Listed
from dnsfleet_operator.members.planning import Plans
from dnsfleet_operator.members.steps import Standing, Step
from dnsfleet_operator.objects import reference_of
from dnsfleet_operator.observed.observation import Observation, origins_of

Object = dict[str, Any]
NAMESPACE = "dns"


def zone(name: str, origin: str, source: Object | None = None, **metadata: Any) -> Object:
    """A Zone as people write it."""
    more: Object = {"records": []} if source is None else {"source": source}
    spec = {"origin": origin, **more}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": name, "namespace": NAMESPACE, **metadata},
        "spec": spec,
    }


def catalog(name: str, key: str = "k", **asked: Any) -> Object:
    """The Zone of a catalog with the origin `NAME.test`."""
    primaries = [{"address": "192.0.2.1", "port": 53}]
    transfer = {"primaries": primaries, "tsigKey": {"name": key}, "catalog": asked}
    return zone(name, f"{name}.test", {"transfer": transfer})


class Rig:
    """Plans, and a world in which their steps are done."""

    def __init__(self, before: "Rig | None" = None) -> None:
        """`before` is one whose objects are there, and of which nothing else is known."""
        self.objects: dict[Reference, Object] = {} if before is None else before.objects
        self.steps: list[Step] = []
        self._numbers = itertools.count(1000)
        self._observation = Observation()
        self.plans = Plans(self._observation, self._naming)
        for found in list(self.objects.values()):
            self.put(found)

    def put(self, found: Object, *, anew: bool = False) -> None:
        """Somebody makes an object, or changes it."""
        reference, number = reference_of(found), str(next(self._numbers))
        known = self.objects.get(reference)
        uid = number if known is None or anew else known["metadata"]["uid"]
        metadata = {**found["metadata"], "uid": uid, "resourceVersion": number}
        self.objects[reference] = {**found, "metadata": metadata}
        self._observation.put(self.objects[reference])
        self.plans.take(self._observation.take_changed())

    def delete(self, reference: Reference) -> None:
        """Somebody deletes an object."""
        gone = self.objects.pop(reference)
        self._observation.remove(reference, gone["metadata"]["uid"])
        self.plans.take(self._observation.take_changed())

    def lists(self, name: str, members: Mapping[str, Listed], revision: str = "") -> None:
        """A catalog lists this from now on."""
        reference = Reference("Zone", NAMESPACE, name)
        self.plans.lists(reference, revision or str(next(self._numbers)), dict(members))
        self.plans.confirm(reference, True)

    def work(self) -> list[Step]:
        """Do all that is to be done; the steps."""
        done = []
        while self.plans.waiting:
            if (step := self.plans.look()) is not None:
                self._do(step)
                done.append(step)
        self.steps += done
        return done

    def standing(self, name: str) -> Standing:
        """What became of the members of a catalog."""
        found = self.plans.standing(Reference("Zone", NAMESPACE, name))
        assert found is not None
        return found

    def get(self, name: str) -> Object | None:
        """The Zone of this name."""
        return self.objects.get(Reference("Zone", NAMESPACE, name))

    def _do(self, step: Step) -> None:
        there = self.objects.get(step.zone)
        if step.kind == "create":
            assert there is None
            self.put(step.wanted)
            return
        assert there is not None
        assert there["metadata"]["uid"] == step.uid
        if step.kind == "delete":
            self.delete(step.zone)
        else:
            metadata = {**there["metadata"], **step.wanted["metadata"]}
            self.put({**there, "metadata": metadata, "spec": step.wanted["spec"]})

    def _naming(self, origin: str) -> Iterator[Reference]:
        for reference, known in self._observation.of_kind("Zone").items():
            if origin in origins_of(known):
                yield reference
