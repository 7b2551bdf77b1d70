"""The benchmarks' pure parts: queries, ratios, goals; page and picture show the figures."""

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import pytest
from dnsfleet.zones import master_files

from bench import datasets, picture, report, results
from bench.goals import Goal, goals
from bench.ratios import Ratio, ratio
from bench.servers import COMMANDS, DNSFLEET
from bench.signed import PEERS
from bench.signed_report import ANSWERS, UNCACHED, ZONES

ROUNDS = 3


def figures(cpu_us: float) -> list[dict[str, float]]:
    """Rounds of one server, each a little more expensive than the one before."""
    rounds = range(ROUNDS)
    return [
        {"cpu_us": cpu_us + n, "rate": 1e5, "p50_us": 50, "p99_us": 90, "octets": 69}
        for n in rounds
    ]


@pytest.fixture
def parts() -> dict[str, Any]:
    """Invented figures of all parts."""
    taken = {"date": "2026-01-02", "processor": "Some", "cores": 2, "kernel": "6.1"}
    cost = {name: figures(number + 4) for number, name in enumerate(COMMANDS)}
    resident = {"1": 10_000_000, "100000": 30_000_000, "1000000": 110_000_000}
    signers = (DNSFLEET, *PEERS)
    shard = [{"hits": 0.5, "cpu_us": 5.0, "generator_us": 3.0, "lost": 0}] * ROUNDS
    return {
        "servers": {
            "taken": taken,
            "workloads": dict.fromkeys(report.WORKLOADS, cost),
            "resident_octets": {
                records: dict.fromkeys(COMMANDS, octets) for records, octets in resident.items()
            },
        },
        "signed": {
            "taken": taken,
            "workloads": {
                what: {name: figures(number + 5) for number, name in enumerate(signers)}
                for what in ANSWERS
            },
            "resident_octets": {
                zone: dict.fromkeys(signers, 50_000_000 + number)
                for number, zone in enumerate(ZONES)
            },
        },
        "starts": {
            "taken": taken,
            "records": 1_000_000,
            "seconds": {DNSFLEET: [3.0, 2.0, 2.0], "knotd": [2.0, 2.0, 4.0]},
        },
        "swaps": {
            "taken": taken,
            "records": 100_000,
            "rate": 1e5,
            "calm": [{"lost": 0, "p99_us": 100.0}] * ROUNDS,
            "swapped": [{"lost": 1, "p99_us": 140.0}] * ROUNDS,
            "sent": 900_000,
        },
        "shards": {
            "taken": taken,
            "rate": 40_000,
            "names": 1_000_000,
            "engines": {"one shard": shard, "two shards by name": shard},
        },
        "transfers": {
            "taken": taken,
            "sizes": {
                "1000000": {
                    "rounds": {
                        server: [{"seconds": each, "cpu": 0.2, "waited": 0.01} for each in took]
                        for server, took in (("gate", (0.3, 0.2, 0.4)), ("knotd", (0.2, 0.2, 0.4)))
                    },
                    "clients": 50,
                    "client_octets": 64 * 1024,
                }
            },
        },
    }


def test_a_ratio_compares_within_rounds_and_tells_their_spread() -> None:
    found = ratio([2.0, 9.0, 4.0], [1.0, 3.0, 4.0])
    assert found == Ratio(2.0, 1.0, 3.0)
    assert str(found) == "2.00 (1.00 to 3.00)"
    with pytest.raises(ValueError, match="argument 2"):
        ratio([1.0], [])


def test_a_query_is_what_a_resolver_sends() -> None:
    query = dns.message.from_wire(datasets.query(datasets.host(7)))
    (question,) = query.question
    assert question.to_text() == f"host00000007.{datasets.ORIGIN}. IN A"
    assert (query.edns, query.payload, query.flags, query.ednsflags) == (0, 1232, 0, 0)
    query = dns.message.from_wire(datasets.query(datasets.host(7), dnssec_ok=True))
    assert query.ednsflags == dns.flags.DO


def test_queries_are_framed_and_drawn_from_the_names_of_their_zone(tmp_path: Path) -> None:
    wire = io.BytesIO(datasets.uniform(tmp_path / "queries", 5, asked=200).file.read_bytes())
    asked = [wire.read(int.from_bytes(length)) for length in iter(lambda: wire.read(2), b"")]
    assert len(asked) == 200
    assert set(asked) == {datasets.query(datasets.host(number)) for number in range(5)}


@pytest.mark.parametrize("text", [datasets.names(300), datasets.chains(60)])
def test_every_name_that_is_asked_leads_to_an_address(text: bytes) -> None:
    zone, violations = master_files.read(text, "bench.zone", datasets.ORIGIN)
    assert zone is not None, violations
    owner = f"{datasets.host(59)}.{datasets.ORIGIN}."
    steps = 0
    while found := zone.get(owner, "CNAME"):
        owner = found[1][0]
        steps += 1
    assert zone.get(owner, "A") is not None
    assert steps in (0, datasets.CHAIN)


def test_a_goal_is_reached_up_to_its_limit() -> None:
    assert Goal("", 1.5, Ratio(1.5, 1.0, 9.0)).reached
    assert not Goal("", 1.5, Ratio(1.51, 1.0, 2.0)).reached
    assert not Goal("", 0, 1).reached


def test_goals_are_those_of_the_parts_that_were_run(parts: dict[str, Any]) -> None:
    measured = {goal.what: goal for goal in goals(parts)}
    assert measured["octets of memory an A record"].text == "100"
    assert measured["queries lost by swaps of a zone"].text == "3"
    start = measured["start from a master file of 1,000,000 records, of Knot's"]
    assert start.text == "1.00 (0.50 to 1.50)"
    signed = {f"signed, {ANSWERS[what]}: CPU a query, of knotd's" for what in UNCACHED}
    assert signed <= set(measured)
    transfer = measured["AXFR of 1,000,000 records from the gate, of Knot's"]
    assert transfer.text == "1.00 (1.00 to 1.50)"
    del parts["servers"], parts["signed"], parts["swaps"], parts["transfers"]
    assert list(goals(parts)) == [start]


def test_the_page_tells_every_server_and_says_where_a_goal_is_missed(parts: dict[str, Any]) -> None:
    text = report.page(parts)
    for server in COMMANDS:
        assert text.count(f"| {server} |") >= len(report.WORKLOADS)
    assert "| uniform: CPU a query, of the floor | 1.15 | 1.20 (1.17 to 1.25) | **no** |" in text
    assert "| p99 with swaps, of that without | 1.5 | 1.40 (1.40 to 1.40) | yes |" in text
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert all(len({row.count("|") for row in table}) == 1 for table in tables)


def test_a_peer_that_answers_with_less_is_not_compared(parts: dict[str, Any]) -> None:
    rows = {
        name: [dict(figures) for figures in rounds]
        for name, rounds in parts["servers"]["workloads"]["chains"].items()
    }
    for figures in rows["knotd"]:
        figures["octets"] = 30
    parts["servers"]["workloads"]["chains"] = rows
    text = report.page(parts)
    assert text.count("the peer with the least, knotd") == len(report.WORKLOADS) - 1
    assert text.count("the peer with the least, nsd") == 1
    assert text.count("knotd answers with less") == 1
    drawn = picture.svg(parts["servers"]["workloads"], report.WORKLOADS)
    assert drawn.count("a shorter reply") == 1


def test_the_picture_is_xml_with_a_bar_for_every_server(parts: dict[str, Any]) -> None:
    text = picture.svg(parts["servers"]["workloads"], report.WORKLOADS)
    root = ET.fromstring(text)
    width = float(root.attrib["viewBox"].split()[2])
    bars = [
        float(found) for found in re.findall(r'<rect x="\d+" y="[\d.]+" width="([\d.]+)"', text)
    ]
    assert len(bars) == len(report.WORKLOADS) * len(COMMANDS)
    assert max(bars) < width / picture.COLUMNS
    assert bars[: len(COMMANDS)] == sorted(bars[: len(COMMANDS)])


def test_page_and_picture_are_those_of_the_figures() -> None:
    parts = results.load()
    assert report.PAGE.read_text() == report.page(parts)
    if "servers" in parts:
        drawn = picture.svg(parts["servers"]["workloads"], report.WORKLOADS)
        assert report.PICTURE.read_text() == drawn
