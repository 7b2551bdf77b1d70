"""`python -m differential`: ask as many queries as wanted; exit code 1 where a server differs."""

import argparse
import random
import signal
import sys
import time
from collections import Counter

from differential.runs import Found, run
from differential.shrinking import report, shrink

# How many of the differences that no rule explains are reduced and shown.
SHOWN = 5
SEEDS = 2**31


def main() -> int:
    parser = argparse.ArgumentParser(prog="differential", description=__doc__)
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=random.randrange(SEEDS))
    wanted = parser.parse_args()
    # The servers end with it, whatever signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print(f"seed {wanted.seed}", flush=True)
    counts: Counter[str] = Counter()
    faults: list[Found] = []
    started = time.monotonic()
    for asked, found in run(wanted.queries, wanted.seed, counts):
        faults += found
        seconds = time.monotonic() - started
        print(f"{asked} queries, {len(faults)} not explained, {seconds:.0f} s", flush=True)
    print(*(f"{count:9} {what}" for what, count in counts.most_common()), sep="\n")
    small = {fault.place: fault for fault in map(shrink, faults[:SHOWN])}
    for fault in small.values():
        print(report(fault))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
