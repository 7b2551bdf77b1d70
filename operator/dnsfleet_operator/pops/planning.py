"""The plan of a Pop: which of its objects differ from what it asks for.

The API server fills in defaults and rewrites quantities, so an object is never equal to what we
sent. Two things tell that it differs. Each object carries the digest of what the Pop asked for when
it was applied; another digest means that the Pop asks for something else now. And a value that we
sent and that is no longer there means that somebody changed the object by hand.
"""

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import configs, networking, probers, workloads
from dnsfleet_operator.pops.setting import Setting

DIGEST_ANNOTATION = "dnsfleet.io/plan"
DIGEST_DIGITS = 16
_REWRITTEN = frozenset({"resources", "sizeLimit"})
"""Fields whose values the API server spells in its own way; the digest tells when they differ."""


class ObjectKey(NamedTuple):
    """Which object of the installation's namespace."""

    kind: str
    name: str


def key(found: Mapping[str, Any]) -> ObjectKey:
    """The key of an object."""
    return ObjectKey(found["kind"], found["metadata"]["name"])


def desired(setting: Setting) -> list[Object]:
    """All objects of a Pop, in the order in which they are applied; the edges are the last."""
    wanted = [
        configs.config_map(setting),
        networking.replica_service(setting),
        *(() if setting.on_nodes else _behind_service(setting)),
        *networking.network_policies(setting),
        workloads.replica(setting),
        *(probers.objects(setting) if setting.configuration.probes else ()),
        workloads.edge(setting),
    ]
    return [_with_digest(each) for each in wanted]


def _behind_service(setting: Setting) -> list[Object]:
    """What only edges behind a Service have. Evictions leave alone what a DaemonSet runs."""
    return [networking.dns_service(setting), networking.disruption_budget(setting)]


def of_other_exposure(setting: Setting) -> list[ObjectKey]:
    """What a Pop that was exposed in the other way has beside, the edges last."""
    if setting.on_nodes:
        others = map(key, _behind_service(setting))
        return [*others, ObjectKey("Deployment", setting.name("edge"))]
    core, edges = setting.name("core"), setting.name("edge")
    return [ObjectKey("NetworkPolicy", core), ObjectKey("DaemonSet", edges)]


def of_replica(setting: Setting) -> list[Object]:
    """Those objects of a Pop by which it learns what it is to be, in the order of `desired`."""
    replica = (setting.name(), setting.name("replica"))
    return [each for each in desired(setting) if each["metadata"]["name"] in replica]


def plan(wanted: Iterable[Object], observed: Mapping[ObjectKey, Object]) -> list[Object]:
    """Those of the wanted objects that are to be applied."""
    return [
        each
        for each in wanted
        if (found := observed.get(key(each))) is None or not _covers(found, each)
    ]


def _with_digest(wanted: Object) -> Object:
    whole = copy.deepcopy(wanted)
    text = json.dumps(wanted, sort_keys=True)
    annotations = whole["metadata"].setdefault("annotations", {})
    annotations[DIGEST_ANNOTATION] = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_DIGITS]
    return whole


def _covers(found: object, wanted: object) -> bool:
    """Whether everything wanted is in what was found; an empty value is as good as none."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in _REWRITTEN or _covers(found.get(name), value)
            for name, value in wanted.items()
            if value not in ({}, [])
        )
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(found) == len(wanted)
            and all(_covers(*pair) for pair in zip(found, wanted, strict=True))
        )
    return found == wanted
