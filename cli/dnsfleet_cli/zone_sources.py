"""The master file behind a Zone: from a path, a text in the manifest, or ConfigMaps beside it.

Reading a file of a million records takes seconds, so a source is read again only when what it is
made of changed: the Zone's spec, or the stamp of the file or of one that it includes.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dnsfleet import resources, zones
from dnsfleet.documents import Document
from dnsfleet.resources import ConfigMap, Reference
from dnsfleet.violations import Violation
from dnsfleet_engine import Zone

from dnsfleet_cli import zone_files
from dnsfleet_cli.troubles import reason

Progress = Callable[[str, int, int], None]
"""File, octets read, octets in all."""
ConfigMaps = Mapping[Reference, ConfigMap]


@dataclass(frozen=True)
class Source:
    """What a Zone's zoneFile gave."""

    base: Zone | None
    """None when there are errors, or no zoneFile."""
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class _Text:
    """A master file to parse."""

    text: bytes
    name: str
    include: zone_files.Inclusions | None = None


class _SourceError(ValueError):
    """There is no text; the message says why, `field` where it was asked for."""

    def __init__(self, field: str, message: str, reason: str = "ZoneFileUnavailable") -> None:
        super().__init__(message)
        self.violation = (reason, message, field)


class ZoneSources:
    """Reads zone files, each once until it changes."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress
        self._known: dict[
            Reference, tuple[object, dict[Path, zone_files.Stamp | None], Source]
        ] = {}

    @property
    def files(self) -> set[Path]:
        """Every file that was read or asked for."""
        return {path for _, stamps, _ in self._known.values() for path in stamps}

    def forget(self, changed: set[Path]) -> None:
        """Read again what depends on these: two writes in one tick of the clock share a stamp."""
        resolved = {path.resolve() for path in changed}
        for reference, (_, stamps, _) in list(self._known.items()):
            if not resolved.isdisjoint(stamps):
                del self._known[reference]

    def read(self, zone: resources.Zone, document: Document, config_maps: ConfigMaps) -> Source:
        """The zone of the zoneFile that `zone`, the resource of `document`, names."""
        file = zone.spec.zone_file
        if file is None:
            return Source(None, ())
        maps = [config_maps.get(_config_map(zone, key.name)) for key in file.config_maps or ()]
        inputs = (zone.spec, document.path, maps)
        known = self._known.get(zone.reference)
        if known is not None and known[0] == inputs and _unchanged(known[1]):
            return known[2]
        stamps: dict[Path, zone_files.Stamp | None] = {}
        source = self._parse(zone, document, config_maps, stamps)
        self._known[zone.reference] = (inputs, stamps, source)
        return source

    def _parse(
        self,
        zone: resources.Zone,
        document: Document,
        config_maps: ConfigMaps,
        stamps: dict[Path, zone_files.Stamp | None],
    ) -> Source:
        try:
            found = _text(zone, Path(document.path), config_maps, stamps)
        except _SourceError as error:
            why, message, field = error.violation
            where = f"{zone.reference}: spec.zoneFile.{field}"
            return Source(None, (Violation(why, message, where),))
        report = self._progress
        built, violations = zones.from_zone_file(
            zone,
            found.text,
            found.name,
            found.include,
            None if report is None else lambda read, total: report(found.name, read, total),
        )
        if found.include is not None:
            stamps |= found.include.stamps
        return Source(built, tuple(violations))


def _unchanged(stamps: Mapping[Path, zone_files.Stamp | None]) -> bool:
    return all(zone_files.stamp(path) == stamp for path, stamp in stamps.items())


def _text(
    zone: resources.Zone,
    manifest: Path,
    config_maps: ConfigMaps,
    stamps: dict[Path, zone_files.Stamp | None],
) -> _Text:
    file = zone.spec.zone_file
    if file is not None and file.inline is not None:
        return _Text(file.inline.encode(), f"{zone.reference}: spec.zoneFile.inline")
    if file is not None and file.config_maps is not None:
        parts = [
            _from_config_map(config_maps, _config_map(zone, key.name), key.key, index)
            for index, key in enumerate(file.config_maps)
        ]
        return _Text(b"".join(parts), f"{zone.reference}: spec.zoneFile.configMaps")
    if file is not None and file.path is not None:
        return _from_path(file.path, manifest, stamps)
    raise _SourceError("url", "url needs the operator; give a path here", "Unsupported")


def _from_path(written: str, manifest: Path, stamps: dict[Path, zone_files.Stamp | None]) -> _Text:
    named = manifest.parent / written
    path = named.resolve()
    if not path.is_relative_to(manifest.resolve().parent):
        raise _SourceError(
            "path", f"{written} is outside the manifest's folder; move it inside", "OutsideFolder"
        )
    stamps[path] = zone_files.stamp(path)  # before reading: a change meanwhile shows
    try:
        return _Text(path.read_bytes(), str(named), zone_files.Inclusions(path))
    except OSError as error:
        raise _SourceError("path", f"{named}: {reason(error)}") from None


def _config_map(zone: resources.Zone, name: str) -> Reference:
    return Reference("ConfigMap", zone.reference.namespace, name)


def _from_config_map(config_maps: ConfigMaps, name: Reference, key: str, index: int) -> bytes:
    field = f"configMaps[{index}]"
    config_map = config_maps.get(name)
    if config_map is None:
        raise _SourceError(field, f"there is no {name} among the manifests")
    if key in config_map.data:
        return config_map.data[key].encode()
    if key not in config_map.binary_data:
        raise _SourceError(f"{field}.key", f"{name} has no key {key}")
    try:
        return base64.b64decode(config_map.binary_data[key], validate=True)
    except binascii.Error:
        raise _SourceError(f"{field}.key", f"{name} key {key} is not base64") from None
