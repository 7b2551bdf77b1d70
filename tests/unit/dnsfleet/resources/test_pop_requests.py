"""Requests to a Pop, as annotations of it."""

import pytest
from dnsfleet.replication.pop_commands import Request
from dnsfleet.resources import pop_requests

ASKED = Request("r1", "forget-edge", "pop-fra-edge-1", 1_777_629_600_000, 1_777_633_200_000)


@pytest.mark.parametrize("request_", [ASKED, ASKED._replace(verb="snapshot", argument="")])
def test_a_request_reads_back(request_: Request) -> None:
    key, value = pop_requests.annotation(request_)
    assert key == "command.dnsfleet.io/r1"
    assert '"given": "2026-05-01T10:00:00Z"' in value
    asked = pop_requests.read({key: value, "dnsfleet.io/drain": "true"})
    assert asked == pop_requests.Asked((request_,), {})


@pytest.mark.parametrize(
    "value",
    [
        "",
        "[]",
        "null",
        '{"verb": "snapshot"}',
        '{"verb": 1, "given": "2026-05-01T10:00:00Z", "expires": "2026-05-01T11:00:00Z"}',
        '{"verb": "snapshot", "given": "10 o\'clock", "expires": "2026-05-01T11:00:00Z"}',
        '{"verb": "snapshot", "given": "2026-05-01T10:00:00", "expires": "2026-05-01T11:00:00Z"}',
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(value: str) -> None:
    asked = pop_requests.read({"command.dnsfleet.io/r1": value})
    assert asked.requests == ()
    assert "annotation command.dnsfleet.io/r1 cannot be read" in asked.unreadable["r1"]
