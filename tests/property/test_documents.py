"""Whatever a text holds, the reader gives documents or places of faults, and never crashes."""

import re
from json import dumps

import pytest
from dnsfleet.resources import documents
from hypothesis import example, given
from hypothesis import strategies as st

TEXT = """apiVersion: dnsfleet.io/v1alpha1
kind: Zone
metadata:
  name: example-com
spec:
  origin: example.com
  ttl: 300
  nameServers: [ns1.example.net]
  soa: {retry: 60}
  records:
    - {name: www, type: A, data: ["192.0.2.1"]}
"""
PIECES = [
    *(": ", "- ", "{", "}", "[", "]", "\n", "---\n", "...\n", "|\n", "&a ", "*a ", "!!int ", "!x "),
    *("null", "~", "yes", "1e9", "0x1f", "12:30", "2026-01-01", "<<: ", "? ", "# ", '"', "'", "\t"),
    *("\x00", "é", "𝄞", "%YAML 1.1\n", "  ", "ttl", "records", "-9223372036854775809", ".inf"),
]
PLACE = re.compile(r"f\.yaml:\d+(:\d+|: .+)?")


def check(text: str) -> None:
    found, violations = documents.load(text, "f.yaml")
    for violation in violations:
        assert PLACE.fullmatch(violation.where), violation
        assert violation.message
        # The end of a text counts as a line of its own.
        assert int(violation.where.split(":")[1]) <= text.count("\n") + 2
    assert all(document.line >= 1 for document in found)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text(text: str) -> None:
    check(text)


@given(st.integers(0, len(TEXT)), st.integers(0, 12), st.sampled_from(PIECES))
def test_a_manifest_with_a_part_replaced(at: int, gone: int, piece: str) -> None:
    check(TEXT[:at] + piece + TEXT[at + gone :])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("field", ["origin", "ttl", "nameServers", "soa", "records", "zoneFile"])
@given(value=VALUES)
@example(value={"\n": None})
def test_any_value_in_a_field(field: str, value: object) -> None:
    line = f"  {field}: {dumps(value)}\n"
    check(re.sub(rf"  {field}:.*\n(    .*\n)*", "", TEXT) + line)
