"""From lines to the stations of one change, and the text that people get."""

from pathlib import Path
from typing import NamedTuple

import pytest
from dnsfleet_cli.tracing import causes, following, report
from dnsfleet_cli.tracing.following import Log

ZONE = "example.com."
GOLDEN = Path(__file__).with_name("golden")


def lines(*texts: str) -> list[str]:
    """Seconds and fields; the rest of each line is as a process writes it."""
    made = []
    for text in texts:
        seconds, _, fields = text.partition(" ")
        stamp = f"2026-01-31T12:00:{float(seconds):06.3f}Z"
        made.append(f"time={stamp} level=info logger=dnsfleet {fields}")
    return made


def writer(*texts: str) -> Log:
    return Log("operator-1", False, lines(*texts))


def edge(process: str, *texts: str, cut: bool = False) -> Log:
    return Log(process, True, lines(*texts), cut)


def published(seconds: float, lsn: int, revision: str, zone: str = ZONE) -> list[str]:
    which = f"zone={zone} lsn={lsn} revision={revision}"
    return [
        f"{seconds} event=zone_planned {which}",
        f"{seconds + 0.004:.3f} event=zone_published {which} serial=2026013101 records=7",
    ]


def arrived(seconds: float, lsn: int, told: int | None = None) -> list[str]:
    at = f"zone={ZONE} revision=3.{lsn} lsn={lsn} serial=1 source=delta"
    return [
        f"{seconds} event=told lsn={told or lsn} source=log entries=1",
        f"{seconds + 0.001:.3f} event=zone_loaded {at}",
        f"{seconds + 0.010:.3f} event=acked lsn={told or lsn} failing=0 ahead=0",
    ]


SEEN = "event=change_seen kind=Zone object=dns/example generation=4 deleted=false waited=0.250"
END = f"event=zone_propagated zone={ZONE} revision=3.57 serial=2026013101 object=dns/example"


class Case(NamedTuple):
    """Logs, and the file with what is told of them."""

    name: str
    logs: list[Log]
    lsn: int | None = None
    objects: set[tuple[str, str]] | None = None


FULL_WRITER = [f"1 {SEEN}", *published(1.1, 57, "3.57"), f"1.4 {END} generation=4"]

CASES = [
    Case(
        "whole",
        [
            writer(*published(0.1, 40, "3.40"), *FULL_WRITER),
            edge("fra/edge-1", *arrived(0.2, 40), *arrived(1.2, 57)),
            edge("iad/edge-2", *arrived(0.2, 40), *arrived(1.3, 57)),
        ],
    ),
    Case(
        "clock_behind",
        [writer(*FULL_WRITER), edge("fra/edge-1", *arrived(0.2, 57))],
    ),
    Case(
        "newer_at_once",
        [
            writer(
                *FULL_WRITER[:-1],
                *published(2, 58, "3.58"),
                f"2.2 {END.replace('3.57', '3.58')} generation=5",
            ),
            edge("fra/edge-1", *arrived(2.1, 58)),
        ],
        lsn=57,
    ),
    Case(
        "left_out_and_cut",
        [
            writer(*FULL_WRITER[:-1]),
            edge(
                "fra/edge-1",
                "1.2 event=told lsn=60 source=log entries=20",
                "2.2 event=lines_left_out of=zone_loaded lines=900 first_lsn=50 last_lsn=60",
                "2.3 event=acked lsn=60 failing=0 ahead=0",
            ),
            edge("iad/edge-2", "30 event=acked lsn=12 failing=0 ahead=0", cut=True),
            edge("sin/edge-3"),
            edge("syd/edge-4", *arrived(1.2, 57)[::2]),
        ],
    ),
    Case(
        "refused",
        [
            writer(*FULL_WRITER[:-1]),
            edge(
                "fra/edge-1",
                f'0.5 event=zone_refused zone={ZONE} reason="of the change before"',
                "1.2 event=told lsn=57 source=log entries=1",
                f'1.3 event=zone_refused zone={ZONE} reason="the digest differs"',
                "1.4 event=acked lsn=57 failing=1 ahead=0",
            ),
        ],
    ),
    Case(
        "objects_left_out",
        [
            writer(
                "0.8 event=lines_left_out of=change_seen lines=7",
                *published(1, 56, "3.56"),
                *published(2, 57, "3.57"),
                "2.5 event=lines_left_out of=change_seen lines=900",
                "2.6 event=lines_left_out of=zone_planned lines=900 first_lsn=58 last_lsn=957",
                "9 event=lines_left_out of=change_seen lines=8",
            )
        ],
    ),
    Case(
        "publications_left_out",
        [
            writer(
                *FULL_WRITER,
                "9 event=lines_left_out of=zone_planned lines=900 first_lsn=50 last_lsn=950",
                "9 event=lines_left_out of=zone_published lines=900 first_lsn=50 last_lsn=950",
            )
        ],
    ),
    Case(
        "edges_alone",
        [edge("fra/edge-1", *arrived(1.2, 57))],
    ),
    Case(
        "other_objects",
        [
            writer(
                f"1 {SEEN}",
                "1.05 event=change_seen kind=RecordSet object=dns/other generation=1 waited=0.000",
                *published(1.1, 57, "3.57"),
            )
        ],
        objects={("Zone", "dns/example"), ("RecordSet", "dns/shop")},
    ),
    Case(
        "nothing_but_left_out",
        [writer("9 event=lines_left_out of=zone_published lines=900 first_lsn=50 last_lsn=950")],
    ),
    Case("nothing", [writer(*published(1, 57, "3.57", zone="other.example."))]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_logs_tell(case: Case) -> None:
    found = following.follow(ZONE, case.logs, case.objects, case.lsn)
    told = report.text(ZONE, found, case.logs) + "\n"
    assert told == (GOLDEN / f"{case.name}.txt").read_text()


def test_a_position_that_is_no_change_of_the_zone_has_no_trace() -> None:
    assert following.follow(ZONE, [writer(*FULL_WRITER)], lsn=56) is None


def test_a_change_that_was_seen_before_the_one_before_is_not_its_cause() -> None:
    log = writer(f"1 {SEEN}", *published(1.1, 56, "3.56"), *published(2, 57, "3.57"))
    found = following.follow(ZONE, [log])
    assert found is not None
    assert [each.name for each in found.stations] == ["planned", "published"]


def seen_of(*texts: str, objects: set[tuple[str, str]] | None = None) -> list[str]:
    """What is said to have been changed."""
    found = following.follow(ZONE, [writer(*texts, *published(59, 57, "3.57"))], objects)
    assert found is not None
    return [each.fields["object"] for each in found.stations if each.name == "seen"]


def file_seen(seconds: float, name: str) -> str:
    return f"{seconds} event=change_seen kind=File object={name} waited=0.003"


def test_files_that_one_look_found_are_named_together() -> None:
    texts = [file_seen(50, "old"), file_seen(58.9, "a.yaml"), file_seen(58.901, "b.yaml")]
    assert seen_of(*texts) == ["a.yaml, b.yaml"]
    many = [file_seen(58.9, f"{number}.yaml") for number in range(9)]
    assert seen_of(*many) == ["0.yaml, 1.yaml, 2.yaml, 3.yaml, 4.yaml and 4 more"]


def test_what_was_heard_of_long_before_is_no_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    pop = "1 event=change_seen kind=Pop object=fra waited=0.000"
    parts = {("Pop", "fra"), ("Zone", "dns/example")}
    assert seen_of(pop, objects=parts) == ["fra"]
    monkeypatch.setattr(causes, "LONGEST_SECONDS", 50.0)
    assert seen_of(pop, objects=parts) == []
    assert seen_of(pop, f"58 {SEEN}", objects=parts) == ["dns/example"]


def test_a_removal_is_a_change() -> None:
    which = f"zone={ZONE} lsn=60 revision=3.60"
    log = writer(f"1 event=zone_planned {which}", f"1.1 event=zone_removed {which}")
    gone = edge("fra/edge-1", f"1.2 event=zone_dropped {which} reason=removed")
    found = following.follow(ZONE, [log, gone])
    assert found is not None
    names = [(each.name, each.process) for each in found.stations]
    assert names == [
        ("planned", "operator-1"),
        ("removed", "operator-1"),
        ("loaded", "fra/edge-1"),
    ]


def propagated(logs: list[Log], lsn: int) -> list[tuple[float, float | None]]:
    """When it was told to be everywhere, in seconds of the minute, and the gap."""
    found = following.follow(ZONE, logs, lsn=lsn)
    assert found is not None
    told = [each for each in found.stations if each.name == "propagated"]
    return [(round(each.at % 60, 3), each.gap and round(each.gap, 3)) for each in told]


def end(seconds: float, revision: str) -> str:
    return f"{seconds} {END.replace('3.57', revision)} generation=4"


def test_an_edge_that_started_after_the_change_says_nothing_of_clocks() -> None:
    logs = [
        writer(*FULL_WRITER),
        edge("fra/edge-1", *arrived(1.2, 57)),
        edge("fra/edge-2", *arrived(50, 57)),
    ]
    assert propagated(logs, 57) == [(1.4, 0.296)]
    assert "behind" not in report.text(ZONE, following.follow(ZONE, logs), logs)


def test_the_end_of_a_later_change_is_not_that_of_one_that_was_everywhere_before() -> None:
    later = Log("operator-0", False, lines(end(50, "3.57"), end(51, "4.2")))
    assert propagated([later, writer(*FULL_WRITER)], 57) == [(1.4, 0.296)]
    newer = writer(*FULL_WRITER[:-1], end(2, "3.59"))
    assert propagated([later._replace(lines=later.lines[1:]), newer], 57) == [(2.0, 0.896)]


def test_what_was_removed_and_made_again_is_another_zone() -> None:
    which = f"zone={ZONE} lsn=60 revision=3.60"
    removed = (f"3 event=zone_removed {which}",)
    again = [*published(40, 70, "3.70"), end(41, "3.70")]
    gone = f"4 event=zone_propagated zone={ZONE} pops=2"
    for told, expected in (([], []), ([gone], [(4.0, 1.0)])):
        log = writer(*FULL_WRITER[:-1], *removed, *told, *again)
        assert propagated([log], 60) == expected
        assert propagated([log], 57) == []
        assert propagated([log], 70) == [(41.0, 0.996)]


def test_lines_of_another_form_and_of_other_programs_do_no_harm() -> None:
    log = writer(*FULL_WRITER)
    noise = ["31196:M 29 Nov 2026 15:18:36.966 * Valkey is starting", "", "time= event="]
    mixed = log._replace(lines=[*noise, *log.lines, *noise])
    assert following.follow(ZONE, [mixed]) == following.follow(ZONE, [log])


@pytest.mark.parametrize("lsn", ["", "x", "-3", "9" * 5000])
def test_a_position_that_is_no_number_is_none(lsn: str) -> None:
    log = writer(f"1 event=zone_published zone={ZONE} lsn={lsn} revision=3.1")
    assert following.follow(ZONE, [log]) is None
