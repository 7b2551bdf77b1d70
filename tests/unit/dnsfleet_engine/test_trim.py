"""`trim` gives back to the system the memory that was freed between pieces that stay in use."""

import subprocess
import sys

PROGRAM = """
from pathlib import Path
from dnsfleet_engine import Engine

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

pieces = [(bytes(60_000), bytes(5_000)) for _ in range(1_000)]
kept = [small for _, small in pieces]
del pieces
before = resident()
Engine().trim()
print(before - resident())
"""


def test_freed_memory_between_kept_pieces_goes_back() -> None:
    pages = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert int(pages) > 30_000_000 // 4096
