"""A status comes back as it was, whatever it says, and is small where it says what most do."""

from typing import Any

from dnsfleet_operator.observed.packing import pack, unpack
from hypothesis import given
from hypothesis import strategies as st

MOST_OCTETS = 100
"""Of a usual status: a sixth of its JSON."""

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), VALUES))
def test_a_status_comes_back_as_it_was(status: dict[str, Any]) -> None:
    assert unpack(pack(status)) == status


def test_a_usual_status_is_small() -> None:
    reasons = {"Accepted": "Accepted", "Programmed": "Published", "Propagated": "Propagated"}
    conditions = [
        {
            "type": kind,
            "status": "True",
            "observedGeneration": 3,
            "lastTransitionTime": "2026-11-28T19:27:31Z",
            "reason": reason,
            "message": "",
        }
        for kind, reason in (reasons | {"Ready": "Ready"}).items()
    ]
    status = {"observedGeneration": 3, "records": 2, "conditions": conditions}
    assert len(pack(status)) < MOST_OCTETS


def test_no_status_takes_nothing() -> None:
    assert pack({}) == b""
    assert unpack(b"") == {}
