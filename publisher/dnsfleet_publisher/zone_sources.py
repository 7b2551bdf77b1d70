"""The master file behind a Zone: a text in the object, ConfigMaps beside it, or one from outside.

Reading a file of a million records takes seconds, so a source is read again only when what it is
made of changed: the Zone's spec, a ConfigMap, or what the reader of outside texts says of it.
Which texts from outside there are depends on where we run: files beside a manifest for `dnsfleet
up`, addresses for the operator.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from dnsfleet import resources
from dnsfleet.resources import ConfigMap, Reference
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones import building, consumed_catalogs, master_files
from dnsfleet.zones.checking.written import Written
from dnsfleet.zones.member_zones import MEMBER_ANNOTATION
from dnsfleet.zones.parts import Parts
from dnsfleet_engine import Zone, ZoneBuilder

Progress = Callable[[str, int, int], None]
"""File, octets read, octets in all."""
ConfigMaps = Mapping[Reference, ConfigMap]


@dataclass(frozen=True)
class Source:
    """What a Zone's zoneFile gave, or its primaries."""

    base: Zone | None
    """None when there are errors, or it has its records in the object."""
    violations: tuple[Violation, ...] = ()
    again: float | None = None
    """Seconds after which to ask for the text again; None for never."""
    parts: Parts | None = None
    """What the zone is made of; None where it could not be read."""
    doubtful: tuple[Written, ...] = ()
    """Its records that are to be looked at again with those of RecordSets."""


@dataclass(frozen=True)
class Text:
    """A master file to parse."""

    text: bytes
    name: str
    include: master_files.Include | None = None
    parts: tuple[tuple[str, bytes], ...] = ()
    """Name and text of each piece that `text` was put together from, if it was."""


class SourceError(ValueError):
    """There is no text; the message says why, `field` where below zoneFile, or source, that is."""

    def __init__(
        self,
        field: str,
        message: str,
        reason: str = "ZoneFileUnavailable",
        again: float | None = None,
    ) -> None:
        """`again` says after how many seconds there may be one; None where news will tell."""
        super().__init__(message)
        self.violation = (reason, message, field)
        self.again = again


class Outside(Protocol):
    """Reads the zone files that are neither in the object nor in a ConfigMap."""

    def read(self, zone: resources.Zone, document: Document) -> Text:
        """The text that the zoneFile of `zone` names; SourceError where there is none."""

    def unchanged(self, reference: Reference) -> bool:
        """Whether `read` would give for this Zone what it gave last."""

    def drop(self, reference: Reference) -> None:
        """The Zone is gone: keep nothing of it."""


class ZoneSources:
    """Reads zone files, each once until it changes."""

    def __init__(self, outside: Outside, progress: Progress | None = None) -> None:
        self._outside = outside
        self._progress = progress
        self._known: dict[Reference, tuple[tuple[object, ...], Source]] = {}

    def read(self, zone: resources.Zone, document: Document, config_maps: ConfigMaps) -> Source:
        """The zone of the zoneFile that `zone`, the resource of `document`, names."""
        file = zone.spec.zone_file
        if not zone.spec.has_file:
            if self._known.pop(zone.reference, None) is not None:
                self._outside.drop(zone.reference)
            records = sum(len(record.data) for record in zone.spec.records or ())
            return Source(None, parts=Parts((("spec.records", records),)))
        named = () if file is None else file.config_maps or ()
        maps = [config_maps.get(_config_map(zone, key.name)) for key in named]
        spec = zone.spec
        birth = zone.metadata.annotations.get(MEMBER_ANNOTATION)
        inputs = (
            birth,
            *(spec.origin, spec.ttl, spec.name_servers, spec.soa, file, spec.transfer),
            *(document.path, maps),
        )
        known = self._known.get(zone.reference)
        if known is not None and known[0][0] != birth:
            self._outside.drop(zone.reference)  # its primaries say that it begins anew
        if known is not None and known[0] == inputs and self._outside.unchanged(zone.reference):
            return known[1]
        source = self._parse(zone, document, config_maps)
        self._known[zone.reference] = (inputs, source)
        return source

    def forget(self, zone: Reference) -> None:
        """A Zone is gone."""
        self._known.pop(zone, None)
        self._outside.drop(zone)

    def _parse(self, zone: resources.Zone, document: Document, config_maps: ConfigMaps) -> Source:
        try:
            found = _own_text(zone, config_maps)
            if found is None:
                found = self._outside.read(zone, document)
            else:
                self._outside.drop(zone.reference)
        except SourceError as error:
            why, message, field = error.violation
            parent = "zoneFile" if zone.spec.source is None else "source"
            where = f"{zone.reference}: spec.{parent}.{field}"
            return Source(None, (Violation(why, message, where),), error.again)
        report, counting = self._progress, _Counting(found)
        built, violations, doubtful = building.from_zone_file(
            zone,
            found.text,
            found.name,
            None if found.include is None else counting.including(found.include),
            None if report is None else lambda read, total: report(found.name, read, total),
            counting.count,
        )
        if built is not None and zone.spec.consumed is not None:
            where = f"{zone.reference}: spec.source.transfer.catalog"
            if (broken := consumed_catalogs.violation(built, where)) is not None:
                return Source(None, (*violations, broken))
            doubtful = ()  # nobody asks for its names
        return Source(built, tuple(violations), parts=counting.parts, doubtful=doubtful)


class _Counting:
    """Finds the parts of a text while it is read."""

    def __init__(self, text: Text) -> None:
        self._text = text
        blank = (name for name, part in text.parts if not part.strip())
        self._empty = next(blank, "")
        self._records: Counter[str] = Counter()

    @property
    def parts(self) -> Parts:
        return Parts(tuple(self._records.items()), self._empty)

    def including(self, include: master_files.Include) -> master_files.Include:
        """`include`, of which it is noted what has nothing in it."""

        def noting(written: str, including: str) -> tuple[str, bytes]:
            name, text = include(written, including)
            if not text.strip():
                self._empty = self._empty or name
            return name, text

        return noting

    def count(self, builder: ZoneBuilder) -> None:
        """Count the records of all files that were read."""
        pieces = self._text.parts
        # The lines of what is compressed are not those of the pieces, and a piece of it is refused.
        if master_files.is_compressed(self._text.text):
            pieces = ()
        own = [name for name, _ in pieces] or [self._text.name]
        counts = builder.records_by_file(_last_lines(text for _, text in pieces))
        for number, (included, count) in enumerate(counts):
            self._records[own[number] if number < len(own) else included] += count


def _last_lines(pieces: Iterable[bytes]) -> list[int]:
    """The number of the last line of each piece of a text; one may end within a line."""
    found, breaks = [], 0
    for piece in pieces:
        breaks += piece.count(b"\n")
        if piece:
            found.append(breaks + (not piece.endswith(b"\n")))
        else:
            found.append(found[-1] if found else 0)
    return found


def _own_text(zone: resources.Zone, config_maps: ConfigMaps) -> Text | None:
    """The text that objects hold; None where it comes from outside."""
    file = zone.spec.zone_file
    if file is not None and file.inline is not None:
        return Text(file.inline.encode(), f"{zone.reference}: spec.zoneFile.inline")
    if file is not None and file.config_maps is not None:
        parts = [
            _from_config_map(config_maps, _config_map(zone, key.name), key.key, index)
            for index, key in enumerate(file.config_maps)
        ]
        named = [f"ConfigMap {key.name} key {key.key}" for key in file.config_maps]
        where = f"{zone.reference}: spec.zoneFile.configMaps"
        return Text(b"".join(parts), where, parts=tuple(zip(named, parts, strict=True)))
    return None


def _config_map(zone: resources.Zone, name: str) -> Reference:
    return Reference("ConfigMap", zone.reference.namespace, name)


def _from_config_map(config_maps: ConfigMaps, name: Reference, key: str, index: int) -> bytes:
    field = f"configMaps[{index}]"
    config_map = config_maps.get(name)
    if config_map is None:
        raise SourceError(field, f"there is no {name}; make it, or correct the name")
    if key in config_map.data:
        return config_map.data[key].encode()
    if key not in config_map.binary_data:
        raise SourceError(f"{field}.key", f"{name} has no key {key}")
    try:
        return base64.b64decode(config_map.binary_data[key], validate=True)
    except binascii.Error:
        raise SourceError(f"{field}.key", f"{name} key {key} is not base64") from None
