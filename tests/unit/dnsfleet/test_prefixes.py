"""Address prefixes: one spelling, and a clear message for a text that is none."""

import re
from pathlib import Path

import pytest
from dnsfleet import prefixes, resources
from dnsfleet.resources import Pop, documents
from support import yaml_resources


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0::/32", "2001:db8::/32"),
        ("::1/128", "::1/128"),
    ],
)
def test_a_prefix_has_one_spelling(text: str, expected: str) -> None:
    assert prefixes.normalise(text) == expected


@pytest.mark.parametrize(
    "text", ["", "192.0.2.0", "192.0.2.1/24", "192.0.2.0/33", "::/129", "192.0.2.0/255.255.255.0.0"]
)
def test_what_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address prefix, write one such as"):
        prefixes.normalise(text)


def test_the_pop_of_the_page_about_clients_is_a_good_one() -> None:
    page = Path(__file__).parents[3] / "docs" / "clients.md"
    found = re.search(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    assert found is not None
    (document,), violations = documents.load(found[1], page.name)
    assert violations == []
    assert isinstance(document.resource, Pop)
    assert document.resource.spec.edge.client_limits.exempt == ("192.0.2.0/24",)


def test_a_pop_says_which_of_its_prefixes_is_none() -> None:
    raw = yaml_resources.pop().model_dump(exclude_none=True)
    raw["spec"] = yaml_resources.fields(
        "edge: {clientLimits: {exempt: [192.0.2.0/24, 10.0.0.1/8]}}"
    )
    found, (violation,) = resources.parse(raw, "pop")
    assert found is None
    assert violation.where == "pop: spec.edge.clientLimits.exempt[1]"
    assert '"10.0.0.1/8" is not an address prefix' in violation.message
