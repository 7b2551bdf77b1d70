"""The figures of signed answers as tables."""

from collections.abc import Iterator
from statistics import median

from bench.ratios import Ratio, Rounds, answers_as_much, ratio
from bench.results import Part
from bench.servers import DNSFLEET
from bench.signed import PEERS

ANSWERS = {
    "positive": "an address",
    "nxdomain-nsec": "NXDOMAIN with NSEC",
    "nxdomain-nsec3": "NXDOMAIN with NSEC3",
    "referral": "a referral without DS, NSEC3 with opt-out",
    "cached-nxdomain": "NXDOMAIN with NSEC, names asked again",
}
"""What is asked for."""

UNCACHED = ("positive", "nxdomain-nsec", "nxdomain-nsec3", "referral")
"""Those that a goal is about: a server cannot answer all of them from what it answered before."""

ZONES = {"nsec": "100,000 names, NSEC", "nsec3": "100,000 names, NSEC3", "cuts": "100,000 cuts"}

Table = tuple[list[str], list[list[str]]]
"""The head, and the rows."""

TEXT = """\
Queries with DO for zones that dnssec-signzone signed with ECDSA P-256; NSEC3 without additional
iterations and without salt. Addresses are those of 100,000 names, each as likely as any other. Each
name of an NXDOMAIN or a referral is asked once, so no server can repeat an answer; in the last one
1,000 names are asked again and again."""

MEMORY = "Resident memory (RSS) after loading, MB."


def beside_better(rows: dict[str, Rounds]) -> tuple[str, Ratio]:
    """Of the peers whose replies are as large, the one with the least CPU time a query; and our
    time divided by its.
    """
    peers = [name for name in PEERS if answers_as_much(rows[name], rows[DNSFLEET])]
    peer = min(peers, key=lambda name: median(_costs(rows[name])))
    return peer, ratio(_costs(rows[DNSFLEET]), _costs(rows[peer]))


def costs(part: Part) -> Table:
    """Every server at every kind of answer."""
    head = ["answer", "server", "CPU µs a query", "dnsfleet's of it"]
    head += ["queries/s without loss", "p50 µs", "p99 µs", "octets a reply"]
    return head, list(_cost_rows(part))


def memory(part: Part) -> Table:
    """Resident memory of every server with every zone, in MB."""
    resident = part["resident_octets"]
    servers = (DNSFLEET, *PEERS)
    return ["zone", *servers], [
        [title, *(f"{resident[zone][server] / 1e6:.1f}" for server in servers)]
        for zone, title in ZONES.items()
    ]


def _cost_rows(part: Part) -> Iterator[list[str]]:
    for what, title in ANSWERS.items():
        rows = part["workloads"][what]
        for server, rounds in rows.items():
            yield [
                title,
                server,
                f"{median(_costs(rounds)):.2f}",
                str(ratio(_costs(rows[DNSFLEET]), _costs(rounds))),
                *(
                    f"{median(figures[figure] for figures in rounds):,.0f}"
                    for figure in ("rate", "p50_us", "p99_us", "octets")
                ),
            ]


def _costs(rounds: Rounds) -> list[float]:
    return [figures["cpu_us"] for figures in rounds]
