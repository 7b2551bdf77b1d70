"""Real master files, read by the engine and by dnspython."""

import dns.zone
from dnsfleet.zones import master_files
from support import data
from support.encoded_zones import WireRecord, folded_wire, wire_records

ROOT_RECORDS = 19_597
"""One record on a line, without the SOA that the last line repeats."""


def _by_dnspython(text: str) -> set[WireRecord]:
    zone = dns.zone.from_text(text, origin=".", relativize=False)
    return {
        (folded_wire(name), int(rdata.rdtype), ttl, rdata.to_wire() or b"")
        for name, ttl, rdata in zone.iterate_rdatas()
    }


def test_the_root_zone_is_read_as_dnspython_reads_it() -> None:
    text = (data.folder() / "zones" / "root.zone").read_bytes()
    zone, violations = master_files.read(text, "root.zone")
    assert zone is not None, violations
    ours = set(wire_records(zone.encode()))
    theirs = _by_dnspython(text.decode())
    # A few differences show what is wrong; all of them would be too long to read.
    assert sorted(ours ^ theirs)[:10] == []
    assert len(ours) == zone.records == ROOT_RECORDS
