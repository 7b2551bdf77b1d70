"""When the primaries of one zone are asked again."""

import time

import pytest
from dnsfleet.resources import Reference
from dnsfleet.resources.zone_transfers import ZoneTransfer
from dnsfleet.tsig_keys import Target
from dnsfleet_publisher.transferring import schedules
from dnsfleet_publisher.transferring.followed import Followed
from dnsfleet_publisher.transferring.primaries import Version
from dnsfleet_publisher.transferring.receiving import Soa

PRIMARY = Target("192.0.2.1", 53)
WANTED = ZoneTransfer.model_validate(
    {"primaries": [{"address": PRIMARY.address}], "tsigKey": {"name": "k"}}
)


@pytest.mark.parametrize("early", [True, False], ids=["before the round ends", "behind it"])
def test_a_primary_that_is_behind_what_is_published_is_asked_less_and_less(early: bool) -> None:
    """Each time a whole zone comes, which nobody takes."""
    job = Followed(Reference("Zone", "default", "one"), "one.example.", WANTED)
    waits = []
    for _ in range(9):
        job.begin()
        version = Version(Soa(1, 5, 5, 1209600), b"")
        job.standing = job.succeeded(PRIMARY, version, came=True)
        if early:
            job.refuse(version, "its serial is not above")
        job.standing = job.end()
        if not early:
            job.refuse(version, "its serial is not above")
        waits.append(round(job.due - time.monotonic()))
        assert (job.standing.reason, job.version) == ("Retrying", None)
    assert waits[:3] == [5, 10, 20] and waits[-1] == schedules.FIRST_RETRY_SECONDS
