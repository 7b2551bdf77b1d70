"""`dnsfleet zone import` and `zone export`: from a master file to a Zone object, and back.

The object gives the same zone again. A list of records is what people want to read and change, but
it cannot express every zone: SOA and NS always have the TTL `spec.ttl`, and the SOA always names
the first name server. So the list is turned back into a zone first, and written only if nothing but
the serial differs. Otherwise the object contains the whole master file, or names ConfigMaps with
its parts where it is too big for one object. `zone_shapes` has the limits.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from dnsfleet.resources import documents
from dnsfleet.resources.zone_contents import MAX_INLINE
from dnsfleet.resources.zones import MAX_RECORDS
from dnsfleet.zones import signatures
from dnsfleet_engine import Zone
from dnsfleet_publisher.assembling import Assembler

from dnsfleet_cli import document_files, yaml_writing, zone_files, zone_rrsets, zone_shapes
from dnsfleet_cli.options import Output
from dnsfleet_cli.troubles import NEGATIVE, OK, Trouble
from dnsfleet_cli.whole_files import PatientFiles
from dnsfleet_cli.zone_commands import read, tell
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_cli.zone_rrsets import RRset
from dnsfleet_cli.zone_shapes import MAX_OBJECT

_OUTSIDE_RECORDS = ("SOA", "NS")
"""Types whose RRset at the apex is described beside the list."""
_SOA_TIMERS = ("refresh", "retry", "expire", "minimum")


def import_(file: Path, origin: str | None, output: Output) -> int:
    """Print a master file as objects in YAML, or as a master file in canonical form."""
    zone = read(file, origin)
    if zone is not None and output is Output.PATH:
        content = {"zoneFile": {"path": file.name}}
        sys.stdout.write(yaml_writing.dump(zone_shapes.zone_object(zone.origin, content)))
        _say_until_when(zone)
        _say(f"for `dnsfleet up` only: keep it and {file.name} in one folder")
        return OK
    return print_zone(zone, output, str(file), "for `dnsfleet up`, add -o path")


def print_zone(zone: Zone | None, output: Output, source: str, too_big: str) -> int:
    """Print a zone from `source`; NEGATIVE where there is none. `too_big`: as of `objects_yaml`."""
    if zone is None:
        return NEGATIVE
    _say_until_when(zone)
    if output is Output.ZONE:
        sys.stdout.write(zone.to_text())
        return OK
    sys.stdout.write(objects_yaml(zone, source, too_big))
    _say(
        "for a cluster: kubectl apply --server-side -f MANIFEST (without --server-side, "
        "kubectl refuses objects above 256 KiB)"
    )
    return OK


def export(name: str, paths: list[Path]) -> int:
    """Print a zone of manifests as a master file."""
    origin = zone_files.normal_origin(name)
    files = PatientFiles()
    found, violations = document_files.read_all(paths, files)
    assembler = Assembler(ZonePaths(files))
    assembler.replace(found)
    assembler.assemble()
    built = assembler.zones.get(origin)
    if built is None:
        tell(violations)
        raise Trouble(f"no good Zone with origin {name} in {', '.join(map(str, paths))}")
    violations += built.violations
    tell(violations)
    if built.zone is None:
        return NEGATIVE
    sys.stdout.write(built.zone.to_text())
    return OK


def objects_yaml(zone: Zone, source: str, too_big: str) -> str:
    """The YAML of a Zone with the content of `zone`, behind ConfigMaps where it needs them.

    Trouble, which names `source`, where the zone is too big for a cluster's objects; `too_big`
    says what else to do.
    """
    if zone.rrsets - len(_OUTSIDE_RECORDS) <= MAX_RECORDS:
        listed = zone_shapes.zone_object(zone.origin, _listed(zone))
        written = yaml_writing.dump(listed) if len(json.dumps(listed)) <= MAX_OBJECT else None
        if written is not None and _same_but_serial(written, zone):
            return written
    text = zone.to_text()
    if len(text) <= MAX_INLINE:
        return yaml_writing.dump(
            zone_shapes.zone_object(zone.origin, {"zoneFile": {"inline": text}})
        )
    try:
        objects = zone_shapes.in_config_maps(zone.origin, text)
    except ValueError as error:
        raise Trouble(f"{source}: {error}; {too_big}") from None
    return "---\n".join(map(yaml_writing.dump, objects))


def _say_until_when(zone: Zone) -> None:
    """Of a signed zone: an import is good until its signatures end, and who has one may not know
    that the server signs."""
    now = time.time()
    period = signatures.period(zone, now)
    if period is not None:
        _say(
            f"signed: {signatures.message(period, period.level(now))}. dnsfleet renews no "
            "signature, so bring each version of the signer before the one here ends"
        )


def _say(text: str) -> None:
    """Something about what was printed, for people."""
    print(text, file=sys.stderr)


def _listed(zone: Zone) -> dict[str, Any]:
    """The spec that lists the records; right for zones that a list can describe."""
    rrsets = list(zone_rrsets.of(zone))
    ttl, soa = _apex(rrsets, zone, "SOA")
    _, name_servers = _apex(rrsets, zone, "NS")
    mname, rname, _, *timers = soa[0].split()
    name_servers.sort(key=lambda server: server != mname)  # the first one becomes the MNAME
    records = [
        zone_rrsets.record(rrset, zone.origin, ttl)
        for rrset in rrsets
        if rrset.owner != zone.origin or rrset.rtype not in _OUTSIDE_RECORDS
    ]
    return {
        "ttl": ttl,
        "nameServers": name_servers,
        "soa": {"rname": rname, **dict(zip(_SOA_TIMERS, map(int, timers), strict=True))},
        "records": records,
    }


def _apex(rrsets: list[RRset], zone: Zone, rtype: str) -> tuple[int, list[str]]:
    return next((r.ttl, r.data) for r in rrsets if (r.owner, r.rtype) == (zone.origin, rtype))


def _same_but_serial(text: str, zone: Zone) -> bool:
    found, violations = documents.load(text, "import")
    if violations:
        return False
    assembler = Assembler(ZonePaths())
    assembler.replace(found)
    built = assembler.assemble().zones[0].zone
    return built is not None and built.with_serial(zone.serial).digest == zone.digest
