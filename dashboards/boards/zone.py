"""One zone: what of it is live, and where it is not."""

from dashboards.model import POP, ZONE, Board, Kind, Row, Series, Unit, panel

_Z = '{zone=~"$zone"}'
_ZP = '{zone=~"$zone", pop=~"$pop"}'

_STATE = Row(
    "State",
    (
        panel(
            "Accepted",
            "Whether the Zone object is good; of a bad one the last good version is served.",
            Unit.FLAG,
            Series(f"min by (zone) (dnsfleet_zone_accepted{_Z})", "{{zone}}"),
            kind=Kind.FIGURE,
            red_below=1,
            width=6,
        ),
        panel(
            "Propagated",
            "Whether every Ready edge of its Active Pops answers the newest revision.",
            Unit.FLAG,
            Series(f"min by (zone) (dnsfleet_zone_propagated{_Z})", "{{zone}}"),
            kind=Kind.FIGURE,
            red_below=1,
            width=6,
        ),
        panel(
            "Edges that have it",
            "Edges that answer the zone and tell its serial; above a number of zones they do not.",
            Unit.COUNT,
            Series(f"count by (zone) (dnsfleet_edge_zone_serial{_ZP})", "{{zone}}"),
            kind=Kind.FIGURE,
            width=6,
        ),
        panel(
            "Serials differ by",
            "The newest serial at any edge less the oldest one. Not zero for long: an edge does "
            "not follow.",
            Unit.NONE,
            Series(
                f"max by (zone) (dnsfleet_edge_zone_serial{_ZP})"
                f" - min by (zone) (dnsfleet_edge_zone_serial{_ZP})",
                "{{zone}}",
            ),
            kind=Kind.FIGURE,
            red_from=1,
            width=6,
        ),
    ),
)
_PLACES = Row(
    "By Pop",
    (
        panel(
            "Serial by Pop",
            "The oldest serial that an edge of the Pop answers.",
            Unit.NONE,
            Series(f"min by (zone, pop) (dnsfleet_edge_zone_serial{_ZP})", "{{zone}} {{pop}}"),
        ),
        panel(
            "Not live for",
            "How long the newest revision has not been answered everywhere; 0 when it is.",
            Unit.SECONDS,
            Series(f"max by (zone) (dnsfleet_zone_unpropagated_seconds{_Z})", "{{zone}}"),
        ),
        panel(
            "Revision by Pop",
            "The newest revision that an edge of the Pop answers from: the epoch is that of the "
            "writer, and the sequence number counts within it.",
            Unit.NONE,
            Series(f"max by (zone, pop) (dnsfleet_edge_zone_revision_epoch{_ZP})", "Epoch"),
            Series(f"max by (zone, pop) (dnsfleet_edge_zone_revision_sequence{_ZP})", "Sequence"),
            kind=Kind.TABLE,
        ),
        panel(
            "Pops behind",
            "Pops, five at most for each zone, that do not answer its newest revision.",
            Unit.COUNT,
            Series(f"dnsfleet_zone_pop_current{_ZP} == 0", "Behind"),
            kind=Kind.TABLE,
        ),
        panel(
            "Seen from outside",
            "Zones that a prober was answered otherwise than they are published; empty where all "
            "is well. Each prober asks for ten others every 15 seconds.",
            Unit.FLAG,
            Series(f"min by (zone, pop) (dnsfleet_probe_current{_ZP})", "{{zone}} {{pop}}"),
            red_below=1,
        ),
        panel(
            "Signatures end in",
            "Time until the first signature of a signed zone ends; whoever signs it makes new ones "
            "before.",
            Unit.SECONDS,
            Series(
                f"min by (zone) (dnsfleet_zone_signature_expiry_timestamp_seconds{_Z}) - time()",
                "{{zone}}",
            ),
        ),
        panel(
            "Expires in",
            "Time until a transferred zone expires, unless one of its primaries answers before; it "
            "is served all the same.",
            Unit.SECONDS,
            Series(
                f"max by (zone) (dnsfleet_zone_expiry_timestamp_seconds{_Z}) - time()",
                "{{zone}}",
            ),
        ),
    ),
)

BOARD = Board(
    "zone", "Zone", "What of a zone is live, and where it is not.", (_STATE, _PLACES), (ZONE, POP)
)
