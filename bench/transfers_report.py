"""The figures of transfers as a table."""

from statistics import median

from bench.ratios import Ratio, ratio
from bench.results import Part

LARGEST = "1000000"
"""The size that a goal is about."""

Table = tuple[list[str], list[list[str]]]
"""The head, and the rows."""

TEXT = """\
AXFR over loopback, every message signed by HMAC-SHA256, to a client that only counts records.
Without a processor is for how long the server could have worked while the machine did something
else. Memory is what the gate takes for each of 50 clients that began a transfer and take
nothing."""


def of_knotd(part: Part, records: str = LARGEST) -> Ratio:
    """The gate's seconds divided by those of knotd."""
    rounds = part["sizes"][records]["rounds"]
    gate, knotd = ([one["seconds"] for one in rounds[each]] for each in ("gate", "knotd"))
    return ratio(gate, knotd)


def seconds(part: Part) -> Table:
    """Both servers at each size."""
    head = ["records", "server", "seconds (least and most)", "gate's of it", "CPU ms"]
    head += ["without a processor, ms", "KiB a standing client"]
    rows = []
    for records, found in part["sizes"].items():
        for server, rounds in found["rounds"].items():
            took = [one["seconds"] for one in rounds]
            cpu, waited = (median(one[key] for one in rounds) * 1000 for key in ("cpu", "waited"))
            is_gate = server == "gate"
            rows.append(
                [
                    f"{int(records):,}",
                    server,
                    f"{median(took):.3f} ({min(took):.3f} to {max(took):.3f})",
                    "" if is_gate else str(of_knotd(part, records)),
                    f"{cpu:.0f}",
                    f"{waited:.0f}",
                    f"{found['client_octets'] / 1024:.0f}" if is_gate else "",
                ]
            )
    return head, rows
