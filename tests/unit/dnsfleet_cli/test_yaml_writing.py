"""What we write is read as it was, by the rules of kubectl and by those of YAML 1.1."""

import pytest
import yaml
from dnsfleet.resources import yaml_documents
from dnsfleet_cli import yaml_writing
from hypothesis import given
from hypothesis import strategies as st


def check(value: dict[str, object]) -> str:
    text = yaml_writing.dump(value)
    found = yaml_documents.read(text, 1)
    assert found is not None
    assert found.raw == value
    assert yaml.safe_load(text) == value
    return text


@pytest.mark.parametrize(
    "text", ["y", "n", "N", "1e3", "0o10", "08", "on", "12:30", "1_0", "", "~"]
)
def test_a_text_that_somebody_takes_for_something_else_has_quotes(text: str) -> None:
    assert f"'{text}'" in check({"name": text, "list": [text], text: 1})


def test_a_text_that_nobody_mistakes_has_none() -> None:
    assert check({"name": "www", "data": ["192.0.2.1"]}) == "name: www\ndata: [192.0.2.1]\n"


@given(st.text(alphabet="0123456789_.+-eExXobyYnN~: aft", max_size=6))
def test_any_text(text: str) -> None:
    check({"name": text, text: [text]})
