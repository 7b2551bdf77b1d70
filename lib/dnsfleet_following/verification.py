"""The check that a zone is what its signed manifest says, made before the zone is served."""

from dnsfleet.replication.manifests import Manifest
from dnsfleet_engine import Zone


class ContentError(ValueError):
    """A zone is not the one that its manifest describes."""


def decode(manifest: Manifest, encoded: bytes) -> Zone:
    """The zone of a snapshot payload; ContentError where it is not the one of the manifest,
    ValueError where it is no zone."""
    zone = Zone.decode(encoded)
    check(manifest, zone)
    return zone


def check(manifest: Manifest, zone: Zone) -> None:
    """ContentError names each property in which the zone differs from its manifest."""
    pairs = {
        "origin": (zone.origin, manifest.zone),
        "serial": (zone.serial, manifest.serial),
        "rrsets": (zone.rrsets, manifest.rrsets),
        "records": (zone.records, manifest.records),
        "digest": (zone.digest.hex(), manifest.digest.hex()),
    }
    wrong = [
        f"{name} {has}, not {signed}" for name, (has, signed) in pairs.items() if has != signed
    ]
    if wrong:
        raise ContentError(f"not the zone of its manifest: {'; '.join(wrong)}")
