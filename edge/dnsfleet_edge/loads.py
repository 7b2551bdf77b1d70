"""What this edge counts for the telemetry of its Pop."""

import os
from pathlib import Path

from dnsfleet.replication.acks import Load
from dnsfleet_engine import Engine

_STATM = Path("/proc/self/statm")


def read(engine: Engine) -> Load:
    """The counts of all shards, and the memory of this process."""
    queries = servfail = 0
    for row in engine.counters():
        queries += sum(count for key, count in row.items() if key.startswith("queries_"))
        servfail += row["rcode_servfail"]
    return Load(queries, servfail, _memory())


def _memory() -> int:
    """Octets in memory; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, ValueError, IndexError):
        return 0
