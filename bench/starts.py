"""From the command to the first answer from a master file of a million records.

Here a server has all cores, because some servers read a file on several of them.
"""

import tempfile
from pathlib import Path

from bench import datasets, loads, results
from bench.ratios import ratio
from bench.servers import DNSFLEET, PEERS, serving

ROUNDS = 5


def run() -> None:
    loads.build()
    seconds: dict[str, list[float]] = {name: [] for name in (DNSFLEET, *PEERS)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zone = folder / "million.zone"
        zone.write_bytes(datasets.names(datasets.LARGE))
        for number in range(ROUNDS):
            for server, taken in seconds.items():
                home = folder / f"{server}-{number}"
                home.mkdir()
                with serving([server], zone, home, pinned=()) as started:
                    taken.append(started[server].start_seconds)
    for server, taken in seconds.items():
        print(
            f"{server}: {min(taken):.2f} to {max(taken):.2f} s to the first answer, "
            f"dnsfleet takes {ratio(seconds[DNSFLEET], taken)} of it"
        )
    results.save("starts", {"records": datasets.LARGE, "seconds": seconds})
