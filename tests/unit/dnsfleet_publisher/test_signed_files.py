"""A signed zone file that was broken after it was signed: the version before it stays."""

from pathlib import Path

import dns.rdatatype
import dns.zone
from dnsfleet.resources import documents
from dnsfleet_cli.zone_paths import ZonePaths
from dnsfleet_publisher.assembling import Assembler
from support.zone_signing import sign

ORIGIN = "one.example."
MANIFEST = """\
apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata: {name: one}
spec: {origin: one.example, zoneFile: {path: one.zone}}
"""
ZONE = """\
@ 300 SOA ns.other. host.other. SERIAL 7200 900 1209600 300
@ 300 NS ns.other.
www 300 A 192.0.2.SERIAL
"""


def test_a_file_with_a_broken_chain_leaves_the_zone_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "one.zone"
    found, _ = documents.load(MANIFEST, str(tmp_path / "one.yaml"))
    paths = ZonePaths()
    assembler = Assembler(paths)

    def serial_of(text: str) -> int:
        file.write_text(text)
        paths.look({file})
        assembler.replace(found)
        (assembled,) = assembler.assemble().zones
        assert assembled.zone is not None
        return assembled.zone.serial

    first, second = (sign(ZONE.replace("SERIAL", serial), ORIGIN) for serial in ("1", "2"))
    assert serial_of(first) == 1
    assert assembler.violations() == []
    broken = dns.zone.from_text(second, ORIGIN, relativize=False)
    broken.delete_rdataset(f"www.{ORIGIN}", dns.rdatatype.NSEC)
    assert serial_of(broken.to_text(relativize=False)) == 1
    (told,) = assembler.violations()
    assert (told.reason, told.severity) == ("MissingNSEC", "error")
    assert told.where.startswith(f"{file}:")
    assert serial_of(second) == 2
    assert assembler.violations() == []
