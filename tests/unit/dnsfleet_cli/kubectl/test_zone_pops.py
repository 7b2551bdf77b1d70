"""The table of `status ZONE`: what each Pop answers, and since when it is behind."""

import textwrap

import pytest
from dnsfleet.replication.announcements import Announcement
from dnsfleet.replication.edge_words import Word
from dnsfleet.replication.manifests import Manifest
from dnsfleet.replication.revisions import Revision
from dnsfleet_cli.kubectl import zone_pops
from support.cluster_objects import condition, pop

ZONE = "a.example."
LOG = [Announcement(lsn, ZONE, Revision(7, seq)) for lsn, seq in ((10, 1), (20, 2), (30, 3))]
LATER = Announcement(40, ZONE, Revision(7, 4))
"""Published after the manifest was read."""
NOW = 1_764_080_000.0
PUBLISHED, THEN = "2025-11-25T13:40:00Z", "2025-11-25T14:05:00Z"


def manifest(pops: tuple[str, ...] | None = None) -> Manifest:
    time_ms = round(NOW * 1000) - 2_000_000
    return Manifest(ZONE, Revision(7, 3), None, 30, 99, b"", 1, 1, time_ms, pops=pops)


def running(name: str, ready: int = 2) -> dict[str, object]:
    ready_now = [condition("Ready", "True", "EdgesReady")]
    edges = {"ready": ready, "desired": 2}
    return pop(name, status={"edges": edges, "conditions": ready_now})


@pytest.mark.parametrize(
    ("words", "row"),
    [
        ([Word("0", 2, 30)], ("current", "7.3", 0, 2, 2, None)),
        ([Word("0", 2, 35)], ("current", "7.3", 0, 2, 2, None)),
        ([Word("0", 1, 29), Word("1", 1, 30)], ("late", "7.2", 1, 2, 1, PUBLISHED)),
        ([Word("0", 2, 19)], ("late", "7.1", 2, 2, 0, THEN)),
        ([Word("0", 2, 9)], ("late", None, None, 2, 0, THEN)),
        ([Word("0", 2, -1)], ("late", None, None, 2, 0, THEN)),
        ([Word("0", 2, 20, silent=True)], ("silent", "7.2", 1, 2, 0, PUBLISHED)),
        ([], ("silent", None, None, 2, 0, THEN)),
        ([Word("0", 2, 30, failing={ZONE: "no memory"})], ("failing", None, None, 2, 0, THEN)),
        ([Word("0", 2, 30, ahead={ZONE})], ("ahead", None, None, 2, 0, None)),
    ],
)
def test_a_row_says_what_all_edges_of_a_pop_answer(
    words: list[Word], row: tuple[object, ...]
) -> None:
    lags = {"fra": 500.0}
    (found,) = zone_pops.rows(
        manifest(), [running("fra")], {"fra": words}, [*LOG, LATER], lags, NOW
    )
    assert found[1:-1] == row


def test_the_time_is_left_out_where_nobody_knows_it() -> None:
    (found,) = zone_pops.rows(
        manifest(), [running("fra")], {"fra": [Word("0", 2, 9)]}, LOG, {}, NOW
    )
    assert found.since is None


def test_it_has_the_pops_that_are_to_serve_the_zone() -> None:
    words = {"fra": [Word("0", 2, 30)], "sin": [Word("0", 2, 20)], "iad": [Word("0", 2, 9)]}
    pops = [running(name) for name in ("fra", "iad", "sin")]
    found = zone_pops.rows(manifest(("fra", "sin")), pops, words, LOG, {}, NOW)
    assert (
        zone_pops.table(found)
        == textwrap.dedent(f"""
        POP   STATE     REVISION   BEHIND   EDGES   SINCE                  MESSAGE
        fra   current   7.3        0        2/2     -
        sin   late      7.2        1        0/2     {PUBLISHED}   0 of 2 edges answer it
        """).strip()
    )
