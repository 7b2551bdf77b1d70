"""What objects a zone becomes in a cluster: the smallest form that keeps it.

    records      RRsets that people read and change      up to MAX_RECORDS, within MAX_OBJECT
    inline       the master file in the Zone             up to MAX_INLINE
    configMaps   the master file in ConfigMaps           up to MAX_CONFIG_MAPS of MAX_CONFIG_MAP

The names of ConfigMaps contain a digest of the whole text. A changed zone so comes in ConfigMaps of
other names, and the Zone behind them takes all of them at once. With the same names a cluster could
publish a zone of old and new parts for as long as `kubectl apply` takes.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from dnsfleet import names
from dnsfleet.resources import API_VERSION, object_names
from dnsfleet.resources.zone_contents import MAX_CONFIG_MAPS

MAX_OBJECT = 1 << 20
"""Octets of an object as JSON: etcd takes 1.5 MiB, and managedFields and status come on top."""
MAX_CONFIG_MAP = 1 << 20
"""Octets of the values in a ConfigMap: Kubernetes refuses more."""
DIGEST_DIGITS = 10
"""Hex digits of a digest in a name: 40 bits tell the versions of one zone apart."""
KEY = "zone"
"""The key of a part in its ConfigMap."""

_LONGEST_SUFFIX = len(f"-{'0' * DIGEST_DIGITS}-{MAX_CONFIG_MAPS}")


def zone_object(origin: str, content: dict[str, Any]) -> dict[str, Any]:
    """A Zone, with `content` behind the origin in its spec; `origin` is absolute."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Zone",
        "metadata": {"name": object_name(origin)},
        "spec": {"origin": origin.removesuffix(".") or names.ROOT, **content},
    }


def in_config_maps(origin: str, text: str) -> list[dict[str, Any]]:
    """ConfigMaps with the parts of a master file, and behind them the Zone that names them.

    ValueError where the text is longer than all ConfigMaps that a Zone may name.
    """
    octets = text.encode()
    parts = list(_parts(octets))
    if len(parts) > MAX_CONFIG_MAPS:
        raise ValueError(
            f"{len(octets)} octets of text are more than {MAX_CONFIG_MAPS} ConfigMaps of "
            f"{MAX_CONFIG_MAP} can hold; publish the file at an https address and write a Zone "
            "with zoneFile.url and zoneFile.sha256"
        )
    digest = hashlib.sha256(octets).hexdigest()[:DIGEST_DIGITS]
    prefix = f"{object_name(origin)}-{digest}"
    named = {f"{prefix}-{number}": part.decode() for number, part in enumerate(parts, 1)}
    keys = [{"name": name, "key": KEY} for name in named]
    return [
        *(_config_map(name, part) for name, part in named.items()),
        zone_object(origin, {"zoneFile": {"configMaps": keys}}),
    ]


def object_name(origin: str) -> str:
    """The name of a Zone, with room behind it for what the names of ConfigMaps have more."""
    return object_names.object_name(origin, _LONGEST_SUFFIX)


def _config_map(name: str, part: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {KEY: part},
    }


def _parts(octets: bytes) -> Iterator[bytes]:
    """Whole lines, as many as a ConfigMap takes."""
    start = 0
    while len(octets) - start > MAX_CONFIG_MAP:
        end = octets.rindex(b"\n", start, start + MAX_CONFIG_MAP) + 1
        yield octets[start:end]
        start = end
    yield octets[start:]
