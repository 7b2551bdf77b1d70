"""Reports as text, Markdown and JSON, and their exit status."""

import json

import pytest
import yaml
from dnsfleet.violations import Violation
from dnsfleet_cli.options import PlanForm
from dnsfleet_cli.planning.rendering import MAX_LINES, by_kubectl, in_manifest, render
from dnsfleet_cli.planning.reports import (
    CHANGES,
    FAILED,
    NO_CHANGE,
    Hold,
    Report,
    RRsetChange,
    ZoneChange,
)

WWW = RRsetChange("www.a.example.", "A", ("60 192.0.2.1",), ("60 192.0.2.2", "60 192.0.2.3"))
GONE = RRsetChange("old.a.example.", "TXT", ('300 "a `b` | c"',), ())
HOLD = Hold(
    "RecordSet shop/web", "the change removes 12 of 20 RRsets", "0123456789abcdef", "zone a -n dns"
)
ERROR = Violation("BadRdata", "not an IPv4 address", "zones.yaml:3")
WARNING = Violation("ShortTTL", "TTL 1 <is> short", "zones.yaml:4", "warning")


def zone(
    *rrsets: RRsetChange,
    holds: tuple[Hold, ...] = (),
    pops: tuple[str, ...] | None = None,
    failed: str = "",
) -> ZoneChange:
    return ZoneChange("a.example.", "Zone dns/a", False, rrsets, None, pops, holds, failed)


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (Report((), (), 3), NO_CHANGE),
        (Report((), (WARNING,), 3), NO_CHANGE),
        (Report((zone(WWW),), (), 0), CHANGES),
        (Report((zone(holds=(HOLD,)),), (), 0), CHANGES),
        (Report((), (ERROR,), 0), FAILED),
        (Report((zone(WWW),), (ERROR,), 0), FAILED),
        (Report((zone(failed="changed by somebody else"),), (), 0), FAILED),
    ],
)
def test_the_exit_status_is_that_of_the_worst(report: Report, status: int) -> None:
    assert report.status == status


def test_text_has_a_diff_the_holds_and_how_to_approve_them() -> None:
    report = Report((zone(WWW, GONE, holds=(HOLD,), pops=("fra",)),), (WARNING,), 2)
    assert render(report, PlanForm.TEXT, by_kubectl).splitlines() == [
        "zones.yaml:4: warning: TTL 1 <is> short [ShortTTL]",
        "a.example. (Zone dns/a): 0 RRsets added, 1 changed, 1 removed",
        "  - www.a.example. 60 A 192.0.2.1",
        "  + www.a.example. 60 A 192.0.2.2",
        "  + www.a.example. 60 A 192.0.2.3",
        '  - old.a.example. 300 TXT "a `b` | c"',
        "  Pops: all -> fra",
        "  held: RecordSet shop/web: the change removes 12 of 20 RRsets",
        "  approve: kubectl annotate --overwrite zone a -n dns "
        "dnsfleet.io/approve=0123456789abcdef",
        "1 zone to change, 1 hold, 0 errors, 1 warning; 2 zones as before",
    ]


def test_a_fleet_of_up_is_approved_in_the_manifest() -> None:
    told = render(Report((zone(holds=(HOLD,)),), (), 0), PlanForm.TEXT, in_manifest)
    assert (
        "  approve: in the manifest of RecordSet shop/web: "
        "metadata: {annotations: {dnsfleet.io/approve: '0123456789abcdef'}}"
    ) in told.splitlines()
    assert "kubectl" not in told


def test_markdown_has_the_diff_in_a_block_and_no_other_text_that_means_something() -> None:
    told = render(Report((zone(WWW),), (WARNING,), 0), PlanForm.MARKDOWN, by_kubectl)
    assert "```diff\n- www.a.example. 60 A 192.0.2.1\n" in told
    assert "TTL 1 \\<is\\> short" in told


def test_people_are_told_the_first_records_and_how_many_more_there_are() -> None:
    many = [RRsetChange(f"h{n}.a.example.", "A", (), ("60 192.0.2.1",)) for n in range(MAX_LINES)]
    report = Report((zone(*many, WWW),), (), 0)
    told = render(report, PlanForm.TEXT, by_kubectl)
    assert "  # 3 more records" in told
    assert "www" not in told
    [document] = json.loads(render(report, PlanForm.JSON, by_kubectl))["zones"]
    assert len(document["rrsets"]) == MAX_LINES + 1


def test_documents_have_all_of_it() -> None:
    report = Report((zone(WWW, holds=(HOLD,), pops=("fra",)),), (ERROR,), 2)
    assert yaml.safe_load(render(report, PlanForm.YAML, by_kubectl)) == json.loads(
        render(report, PlanForm.JSON, by_kubectl)
    )
    assert json.loads(render(report, PlanForm.JSON, by_kubectl)) == {
        "kind": "Plan",
        "status": "Error",
        "zones": [
            {
                "origin": "a.example.",
                "zone": "Zone dns/a",
                "new": False,
                "rrsets": [
                    {
                        "name": "www.a.example.",
                        "type": "A",
                        "removed": ["60 192.0.2.1"],
                        "added": ["60 192.0.2.2", "60 192.0.2.3"],
                    }
                ],
                "pops": {"before": None, "after": ["fra"]},
                "holds": [
                    {
                        "owner": "RecordSet shop/web",
                        "text": "the change removes 12 of 20 RRsets",
                        "hash": "0123456789abcdef",
                    }
                ],
                "error": "",
            }
        ],
        "findings": [
            {
                "severity": "error",
                "reason": "BadRdata",
                "message": "not an IPv4 address",
                "where": "zones.yaml:3",
            }
        ],
        "unchanged": 2,
    }
