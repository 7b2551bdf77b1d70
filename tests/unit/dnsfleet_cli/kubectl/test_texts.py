"""The texts that `kubectl dnsfleet status` and `explain` print."""

import textwrap

import dns.message
from dnsfleet_cli.kubectl import explaining, summaries
from dnsfleet_cli.kubectl.explaining import Reply
from dnsfleet_cli.kubectl.traffic import Traffic
from support.cluster_objects import condition, pop, zone

ZONE = zone(
    "example-com",
    generation=4,
    status={
        "serial": 1764078000,
        "records": 20,
        "revision": {"epoch": 1764077999, "seq": 12},
        "propagation": {
            "pops": 3,
            "current": 2,
            "text": "2/3",
            "seconds": 0.214,
            "slowest": [{"name": "sin", "seconds": 71.6, "message": "no edge acknowledged it"}],
        },
        "conditions": [
            condition("Accepted", "True", "Valid", generation=4),
            condition("Propagated", "False", "PopUnreachable", "1 of 3 Pops is behind: sin", 4),
            condition("Ready", "False", "PopUnreachable", "1 of 3 Pops is behind: sin", 4),
            condition("Programmed", "True", "Published", generation=3),
        ],
    },
    protect=True,
)
POP = pop(
    "fra",
    location={"region": "eu-central"},
    status={
        "edges": {"ready": 2, "desired": 2},
        "zones": {"assigned": 7, "current": 6},
        "lagSeconds": 0.25,
        "addresses": ["192.0.2.7", "2001:db8::7"],
        "conditions": [condition("Ready", "True", "EdgesReady", "2 of 2 edges are Ready")],
    },
)


def dedent(text: str) -> str:
    return textwrap.dedent(text).strip()


def test_a_fleet_is_two_tables() -> None:
    new = pop("iad", state="Drained", edge={"replicas": 3})
    assert summaries.fleet([ZONE], [POP, new], []) == dedent("""
        POP   REGION       STATE     EDGES   ZONES   LAG     READY     MESSAGE
        fra   eu-central   Active    2/2     6/7     0.2 s   True
        iad   -            Drained   0/3     0/0     -       Unknown   not looked at yet by the operator

        ZONE                  ORIGIN         SERIAL       RECORDS   POPS   READY   MESSAGE
        default/example-com   example.com.   1764078000   20        2/3    False   1 of 3 Pops is behind: sin
        """)  # noqa: E501 - lines as they are printed


def test_what_is_wrong_with_the_whole_fleet_comes_last() -> None:
    status = {
        "orphanCount": 3,
        "orphans": [
            {
                "origin": "a.",
                "since": "2026-01-01T00:00:00Z",
                "removedAfter": "2026-01-02T00:00:00Z",
            },
            {"origin": "b."},
        ],
        "conditions": [
            condition("CoreAvailable", "False", "CoreUnavailable", "no route"),
            condition("KeysReady", "True", "Stored"),
            condition("Held", "True", "WaitsForApproval", "2 held"),
        ],
    }
    item = {"kind": "Fleet", "metadata": {"name": "dnsfleet", "generation": 1}, "status": status}
    assert summaries.fleet([], [], [item]).split("\n\n")[-1] == dedent("""
        fleet/dnsfleet: no route [CoreUnavailable]
        fleet/dnsfleet: 2 held
        fleet/dnsfleet: a. has no Zone object since 2026-01-01T00:00:00Z; it is served on and removed after 2026-01-02T00:00:00Z; to end it now: kubectl dnsfleet zone end a.
        fleet/dnsfleet: b. has no Zone object; it is served on
        fleet/dnsfleet: 1 more zones have no Zone object
        """)  # noqa: E501 - lines as they are printed
    well = {**item, "status": {"conditions": [condition("Held", "False", "NothingHeld")]}}
    assert summaries.fleet([], [], [well]).endswith("\n\nno Zones")


def test_an_empty_fleet_says_so() -> None:
    assert summaries.fleet([], [], []) == (
        "no Pops; apply one, or look at another cluster\n\nno Zones"
    )


def test_a_zone_shows_what_stands_in_its_way() -> None:
    assert summaries.zone(ZONE) == dedent("""
        Zone        default/example-com
        Origin      example.com.
        Serial      1764078000
        Revision    1764077999.12
        Records     20
        Pops        2/3, after 0.21 s
        Protected   yes
        Behind      sin by 72 s: no edge acknowledged it

        CONDITION    STATUS       REASON           MESSAGE
        Accepted     True         Valid
        Propagated   False        PopUnreachable   1 of 3 Pops is behind: sin
        Ready        False        PopUnreachable   1 of 3 Pops is behind: sin
        Programmed   True (old)   Published
        """)


def test_a_zone_that_nobody_looked_at_has_dashes() -> None:
    assert summaries.zone(zone("example-com")) == dedent("""
        Zone       default/example-com
        Origin     example.com.
        Serial     -
        Revision   -
        Records    -
        Pops       -

        CONDITION   STATUS   REASON   MESSAGE
        """)


def test_a_pop_shows_its_edges() -> None:
    assert summaries.pop(POP) == dedent("""
        Pop         fra
        Region      eu-central
        State       Active
        Edges       2/2 ready
        Zones       6/7 current
        Lag         0.2 s
        Addresses   192.0.2.7 2001:db8::7

        CONDITION   STATUS   REASON       MESSAGE
        Ready       True     EdgesReady   2 of 2 edges are Ready
        """)


def test_figures_of_traffic_are_shown_where_there_are_any() -> None:
    figures = {"fra": Traffic(1203.7, 0.0031, 212 * 2**20)}
    assert summaries.fleet([], [POP, pop("iad")], [], figures).split("\n\n")[0] == dedent("""
        POP   REGION       STATE    EDGES   ZONES   LAG     QUERIES/S   SERVFAIL   MEMORY    READY     MESSAGE
        fra   eu-central   Active   2/2     6/7     0.2 s   1204        0.31%      212 MiB   True
        iad   -            Active   0/2     0/0     -       -           -          -         Unknown   not looked at yet by the operator
        """)  # noqa: E501 - lines as they are printed
    assert "Queries     1204 a second, 0.31% SERVFAIL\nMemory      212 MiB, of all edges\n" in (
        summaries.pop(POP, figures)
    )


def test_a_pop_says_what_drains_it() -> None:
    asked = pop("fra")
    asked["metadata"]["annotations"] = {"dnsfleet.io/drain": "true"}
    assert "State       Drained, as the annotation dnsfleet.io/drain asks\n" in summaries.pop(asked)
    asked["spec"]["state"] = "Drained"
    assert "State       Drained, as spec.state asks\n" in summaries.pop(asked)


def message(*sections: str, rcode: str = "NOERROR") -> dns.message.Message:
    """A response whose question is irrelevant here."""
    text = f"id 1\nopcode QUERY\nrcode {rcode}\nflags QR AA\n" + "\n".join(sections)
    return dns.message.from_text(text + "\n")


def soa(serial: int) -> dns.message.Message:
    return message(
        f";ANSWER\nexample.com. 300 IN SOA ns1.example.net. h.example.com. {serial} 1 1 1 1"
    )


ADDRESSES = message(
    ";ANSWER\nwww.example.com. 60 IN A 192.0.2.10\nwww.example.com. 60 IN A 192.0.2.11"
)
REFERRAL = message(";AUTHORITY\nsub.example.com. 300 IN NS ns.sub.example.com.")
NO_DATA = message(";AUTHORITY\nexample.com. 300 IN SOA ns1.example.net. h.example.com. 7 1 1 1 1")


def test_an_explanation_shows_every_edge() -> None:
    replies = [
        Reply("fra", "pop-fra-edge-a", 1, ADDRESSES, soa(7)),
        Reply("fra", "pop-fra-edge-b", 1, None, None, "cannot forward a port: gone"),
        Reply("iad", "pop-iad-edge-a", 0, message(rcode="NXDOMAIN"), soa(6)),
    ]
    assert explaining.text("www.example.com.", "A", ZONE, replies) == dedent("""
        Name         www.example.com. A
        Zone         default/example-com (example.com.)
        Serial       1764078000
        Propagated   False

        POP   EDGE             SHARD   RCODE      SERIAL   ANSWER
        fra   pop-fra-edge-a   1       NOERROR    7        www.example.com. 60 A 192.0.2.10
                                                           www.example.com. 60 A 192.0.2.11
        fra   pop-fra-edge-b   1       -          -        cannot forward a port: gone
        iad   pop-iad-edge-a   0       NXDOMAIN   6        no such name
        """)
    assert not explaining.agree(replies)


def test_negative_answers_and_referrals_are_named() -> None:
    replies = [
        Reply("fra", "a", 0, NO_DATA, soa(7)),
        Reply("fra", "b", 0, REFERRAL, soa(7)),
    ]
    lines = explaining.text("sub.example.com.", "A", ZONE, replies).splitlines()
    assert [line.split(maxsplit=5)[-1] for line in lines[-2:]] == [
        "no data",
        "referral to ns.sub.example.com.",
    ]


def test_an_explanation_shows_whose_a_shared_value_is() -> None:
    values = [
        {"data": '"one"', "recordSets": ["default/a", "default/c"]},
        {"data": '"two"', "recordSets": ["default/b"]},
    ]
    rrset = {"name": "_acme-challenge.example.com.", "type": "TXT", "values": values}
    shared = {**ZONE, "status": {**ZONE["status"], "shared": [rrset]}}
    replies = [Reply("fra", "a", 0, NO_DATA, soa(7))]
    text = explaining.text("_acme-challenge.example.com.", "TXT", shared, replies)
    assert text.splitlines()[-4:] == [
        "",
        "VALUE   RECORDSETS",
        '"one"   default/a default/c',
        '"two"   default/b',
    ]
    assert "RECORDSETS" not in explaining.text("www.example.com.", "TXT", shared, replies)


def test_types_are_spelled_as_in_a_zone() -> None:
    odd = message(";ANSWER\nwww.example.com. 60 IN TYPE102 \\# 1 00")
    (*_, line) = explaining.text(
        "www.example.com.", "GID", ZONE, [Reply("fra", "a", 0, odd, soa(7))]
    ).splitlines()
    assert line.split(maxsplit=5)[-1] == "www.example.com. 60 GID \\# 1 00"


def test_a_name_of_no_zone_and_a_zone_of_no_edge_say_so() -> None:
    text = explaining.text("example.org.", "MX", None, [])
    assert text.splitlines()[:2] == ["Name   example.org. MX", "Zone   none of this fleet"]
    assert explaining.text("www.example.com.", "A", ZONE, []).endswith(
        "no edge of an Active Pop of this cluster that serves it is running"
    )


def test_pops_of_other_clusters_are_named_as_not_asked() -> None:
    told = "not asked, as other clusters run them: iad, sin"
    replies = [Reply("fra", "a", 0, message(""), soa(7))]
    text = explaining.text("www.example.com.", "A", ZONE, replies, ["iad", "sin"])
    assert text.endswith(f"\n\n{told}")
    assert "fra" in text
    text = explaining.text("www.example.com.", "A", ZONE, [], ["iad", "sin"])
    assert text.endswith(f"Pop of this cluster that serves it is running\n\n{told}")


def test_edges_agree_whatever_the_order_of_their_records() -> None:
    turned = message(
        ";ANSWER\nwww.example.com. 60 IN A 192.0.2.11\nwww.example.com. 60 IN A 192.0.2.10"
    )
    same = [Reply("fra", "a", 0, ADDRESSES, soa(7)), Reply("iad", "b", 1, turned, soa(7))]
    assert explaining.agree(same)
    assert explaining.agree([])
    assert not explaining.agree([*same, Reply("sin", "c", 1, turned, soa(8))])
    assert not explaining.agree([Reply("fra", "a", 0, None, None, "gone")])


def test_the_shard_follows_the_shards_of_the_pop() -> None:
    assert explaining.shard("www.example.com.", pop("fra", edge={"shards": 1})) == 0
    found = {
        explaining.shard(f"n{i}.example.com.", pop("fra", edge={"shards": 4})) for i in range(64)
    }
    assert found == {0, 1, 2, 3}


def test_a_pop_shows_what_it_was_told_to_do_once() -> None:
    commands = [
        {
            "name": "20260501T100000.5",
            "verb": "forget-edge",
            "argument": "pop-fra-edge-1",
            "state": "Done",
            "given": "2026-05-01T10:00:00Z",
            "message": "forgot what it said",
        },
        {"name": "x", "state": "Failed"},
    ]
    told = pop("fra", status={"commands": commands})
    assert summaries.pop(told).split("\n\n")[-1] == dedent("""
        COMMAND                      GIVEN                  STATE    MESSAGE
        forget-edge pop-fra-edge-1   2026-05-01T10:00:00Z   Done     forgot what it said
        x                            -                      Failed
        """)
