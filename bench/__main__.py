"""`python -m bench [NAME…]`: run all benchmarks, or those named."""

import signal
import sys
from collections.abc import Callable

from bench import (
    big_zone,
    floor,
    master_file,
    operator_costs,
    propagation,
    report,
    shards,
    side_by_side,
    signed,
    starts,
    swaps,
    transfers,
    up,
)

BENCHMARKS: dict[str, Callable[[], None]] = {
    "propagation": propagation.run,
    "up": up.run,
    "master-file": master_file.run,
    "big-zone": big_zone.run,
    "floor": floor.run,
    "servers": side_by_side.run,
    "signed": signed.run,
    "starts": starts.run,
    "swaps": swaps.run,
    "shards": shards.run,
    "transfers": transfers.run,
    "operator": operator_costs.run,
}


def main() -> None:
    # The servers end with it, whatever signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = sys.argv[1:] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    for name in names:
        print(f"## {name}", flush=True)
        BENCHMARKS[name]()
    report.write()


main()
