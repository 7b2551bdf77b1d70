"""Reports of what a rehearsal found."""

from dnsfleet.violations import Violation
from dnsfleet.zones import plans
from dnsfleet_cli.planning.reports import FAILED, NO_CHANGE, report
from dnsfleet_publisher.rehearsals import Findings

NOTHING = Findings([], [], False)


def test_what_is_held_is_told_as_a_hold_and_is_no_fault_of_the_files() -> None:
    held = Violation(plans.REASON, "the change removes 12 of 20 RRsets", "RecordSet a/b: spec")
    assert report(NOTHING, [held]).findings == ()
    assert report(NOTHING, [held]).status == NO_CHANGE
    assert report(NOTHING, [held._replace(reason="BadRdata")]).status == FAILED
