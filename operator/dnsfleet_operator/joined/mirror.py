"""The Pop object of this cluster, as the signed spec wants it. Pure.

It has the spec that the core signed, without the fields that this version does not know. These are
told, and are there again when the operator is upgraded: the object also carries the signed spec
itself. By that a restarted operator knows what it had, while the core and the replica are away.
Whoever edits the object, or that annotation, changes nothing for long: what no valid key signed
does not count.
"""

import base64
import binascii
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet.replication import pop_specs
from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.resources import API_VERSION, PopSpec
from dnsfleet.resources.explaining import explain
from dnsfleet.resources.pops import DRAIN_ANNOTATION
from dnsfleet.violations import field_path
from pydantic import ValidationError

from dnsfleet_operator.cluster import Object

SIGNED_ANNOTATION = "dnsfleet.io/signed-spec"
"""The signed spec, base64."""


class Held(NamedTuple):
    """A signed spec that was verified."""

    signed: bytes
    says: SignedPop


class Understood(NamedTuple):
    """What this version makes of a spec."""

    spec: Mapping[str, Any]
    ignored: tuple[str, ...]
    """The fields that it does not know."""
    problem: str
    """Why it cannot be used; empty where it can."""


def verified(signed: bytes, pop: str, trusted: Iterable[Ed25519PublicKey]) -> Held:
    """A signed spec of this Pop; ManifestError for anything else."""
    return Held(signed, pop_specs.verify(signed, pop, trusted))


def carried(found: Object | None, pop: str, trusted: Iterable[Ed25519PublicKey]) -> Held | None:
    """The signed spec that the object of this cluster carries; None for none that is valid."""
    annotations = {} if found is None else found["metadata"].get("annotations") or {}
    try:
        return verified(base64.b64decode(annotations.get(SIGNED_ANNOTATION, "")), pop, trusted)
    except (ManifestError, binascii.Error, ValueError):
        return None


def newest(held: Held | None, other: Held | None) -> Held | None:
    """The one of the higher revision."""
    if held is None or other is None:
        return held or other
    return other if other.says.revision > held.says.revision else held


def understand(spec: Mapping[str, Any], unknown: Iterable[str] = ()) -> Understood:
    """The part of a spec that this version knows; `unknown` came beside the spec (`SignedPop`)."""
    known = _copy({key: value for key, value in spec.items() if key != "cluster"})
    ignored = list(unknown)
    while True:
        try:
            PopSpec.model_validate(known)
        except ValidationError as error:
            places = [each["loc"] for each in error.errors() if each["type"] == "extra_forbidden"]
            if not places:
                wrong = explain(error, PopSpec, "spec")[0]
                return Understood(known, tuple(ignored), f"{wrong.where}: {wrong.message}")
            for place in places:
                ignored.append(field_path(("spec", *place)))
                _remove(known, place)
        else:
            return Understood(known, tuple(sorted(ignored)), "")


def permitted(understood: Understood, cache_prefix: str) -> Understood:
    """The same; with a problem where it asks for a folder of the nodes outside of this one.

    A container that runs as root gives that folder to the user of the edges. So a core that was
    taken over could have any folder of the nodes of each place.
    """
    edge = understood.spec.get("edge")
    path = None if understood.problem or not edge else edge.get("cacheHostPath")
    if path is None:
        return understood
    allowed = cache_prefix.rstrip("/")
    if f"{posixpath.normpath(path)}/".startswith(f"{allowed}/"):
        return understood
    told = f"{path} is not below {cache_prefix}, the value cacheHostPathPrefix of this release"
    return understood._replace(problem=f"spec.edge.cacheHostPath: {told}")


def wanted(held: Held, understood: Understood) -> Object:
    """The Pop object of this cluster."""
    signed = base64.b64encode(held.signed).decode()
    return {
        "apiVersion": API_VERSION,
        "kind": "Pop",
        "metadata": {"name": held.says.pop, "annotations": {SIGNED_ANNOTATION: signed}},
        "spec": dict(understood.spec),
    }


def differs(found: Object | None, mirrored: Object) -> bool:
    """Whether an object is not as it is to be; annotations and labels of others are theirs.

    But for one: whether a Pop is drained is decided where the core is.
    """
    if found is None or (found.get("spec") or {}) != mirrored["spec"]:
        return True
    annotations = found["metadata"].get("annotations") or {}
    wanted_annotations = mirrored["metadata"]["annotations"]
    return DRAIN_ANNOTATION in annotations or annotations | wanted_annotations != annotations


def reverted(found: Object, mirrored: Object) -> Object:
    """The object without what somebody added here, which an apply leaves."""
    annotations = dict(found["metadata"].get("annotations") or {})
    annotations.pop(DRAIN_ANNOTATION, None)
    metadata = {**found["metadata"], "annotations": annotations}
    return {**found, "metadata": metadata, "spec": mirrored["spec"]}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(below) for key, below in value.items()}
    return [_copy(below) for below in value] if isinstance(value, list) else value


def _remove(spec: Any, place: tuple[str | int, ...]) -> None:
    for part in place[:-1]:
        spec = spec[part]
    spec.pop(place[-1], None)
