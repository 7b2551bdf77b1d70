"""Reading a master file of a million A records: text to checked zone, and back."""

import time

from dnsfleet.zones import master_files

RECORDS = 1_000_000


def master_file(records: int) -> bytes:
    """SOA, NS and `records` A records of different names."""
    head = "$ORIGIN big.example.\n$TTL 300\n"
    head += "@ SOA ns1.example.net. hostmaster 1 7200 900 1209600 300\n@ NS ns1.example.net.\n"
    lines = [f"host{n} A 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(records)]
    return (head + "".join(lines)).encode()


def run() -> None:
    text = master_file(RECORDS)
    print(f"{RECORDS} records, {len(text) / 1e6:.0f} MB of text")
    start = time.monotonic()
    zone, violations = master_files.read(text, "big.zone")
    if zone is None:
        raise SystemExit(f"the zone is refused: {violations[:3]}")
    steps = {"text to checked zone": time.monotonic() - start}
    for what, step in (("encode", zone.encode), ("zone to text", zone.to_text)):
        start = time.monotonic()
        step()
        steps[what] = time.monotonic() - start
    for what, seconds in steps.items():
        print(f"{what}: {seconds:.2f} s, {seconds / RECORDS * 1e6:.2f} µs a record")
