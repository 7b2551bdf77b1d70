"""What an edge says of itself to probes that run beside it, in a file.

On the network of a node two edges overlap in a rolling update, and only one of them can have the
port of the pages. A probe over HTTP would ask the wrong one. So the kubelet runs this module in the
container, which reads a file that the edge writes every PERIOD_SECONDS:

    python -m dnsfleet_edge.state_file ready FILE
    python -m dnsfleet_edge.state_file live FILE

It exits with 0 for yes and 1 for no, and prints why. A file that is older than STALE_SECONDS is of
an edge that stands still. It imports nothing but the standard library, for it runs every few
seconds.
"""

import json
import sys
import time
from pathlib import Path

PERIOD_SECONDS = 1.0
"""Between writes of the file (see `state_writer`)."""
STALE_SECONDS = 15.0
"""Far longer than a busy machine keeps a thread from writing."""
READY, LIVE = "ready", "live"
Verdicts = dict[str, tuple[bool, str]]
"""READY and LIVE, each with whether it is so and why."""


def text(verdicts: Verdicts, now: float) -> str:
    """The file, as an edge writes it at monotonic time `now`, which is that of the machine."""
    return json.dumps({"at": now, **verdicts})


def verdict(path: Path, question: str, now: float) -> tuple[bool, str]:
    """What the file says to READY or LIVE at monotonic time `now`."""
    try:
        said = json.loads(path.read_text())
        age = now - said["at"]
        yes, why = said[question]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return False, f"{path}: {error}"
    if age > STALE_SECONDS:
        return False, f"the edge has not written {path} for {age:.0f} s"
    return bool(yes), str(why)


def main() -> None:
    """Answer one question."""
    question, path = sys.argv[1:]
    yes, why = verdict(Path(path), question, time.monotonic())
    print(why)
    sys.exit(0 if yes else 1)


if __name__ == "__main__":
    main()
