"""Objects of files in the place of those of a cluster."""

import json
from typing import Any

import pytest
from dnsfleet import resources
from dnsfleet.resources.documents import Document
from dnsfleet_cli.planning.overlays import LAST_APPLIED, overlay

NOW = "2026-05-01T10:00:00Z"


def document(kind: str, spec: dict[str, Any], line: int = 1, **metadata: Any) -> Document:
    found = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    resource, wrong = resources.parse(found, "object")
    assert resource is not None, wrong
    return Document(kind, resource, "zones.yaml", line, {})


def zone(origin: str = "example.com", **metadata: Any) -> Document:
    return document("Zone", {"origin": origin, "nameServers": ["ns1.example.net"]}, **metadata)


def test_what_is_there_keeps_what_the_api_server_and_others_gave_it() -> None:
    there = zone(
        name="a",
        namespace="dns",
        uid="u1",
        creationTimestamp="2025-01-01T00:00:00Z",
        labels={"team": "web", "owner": "flux"},
        annotations={"dnsfleet.io/approve": "abc"},
    )
    file = zone(name="a", labels={"team": "mail"}, annotations={"note": "new"})
    [made], refused = overlay([file], {there.reference: there}, "dns", NOW)
    metadata = made.resource.metadata
    assert refused == []
    assert made.reference == there.reference
    assert (metadata.uid, metadata.creation_timestamp) == ("u1", "2025-01-01T00:00:00Z")
    assert metadata.labels == {"team": "mail", "owner": "flux"}
    assert metadata.annotations == {"dnsfleet.io/approve": "abc", "note": "new"}


def test_what_is_new_is_the_youngest_and_is_in_the_namespace_that_was_given() -> None:
    found, _ = overlay([zone(name="a"), zone("b.example", name="b", namespace="x")], {}, "dns", NOW)
    assert [each.reference.namespace for each in found] == ["dns", "x"]
    assert {each.resource.metadata.creation_timestamp for each in found} == {NOW}


def test_a_pop_has_no_namespace() -> None:
    [made], _ = overlay([document("Pop", {}, name="fra")], {}, "dns", NOW)
    assert made.reference.namespace == ""


def test_another_origin_is_refused_where_it_is_written() -> None:
    there = zone(name="a", namespace="dns")
    file = zone("other.example", name="a", line=7)
    made, [refused] = overlay([file], {there.reference: there}, "dns", NOW)
    assert made == []
    assert refused.where == "zones.yaml:7"
    assert "example.com and immutable" in refused.message


def last_applied(**metadata: Any) -> str:
    return json.dumps({"kind": "Zone", "metadata": {"name": "a", **metadata}})


@pytest.mark.parametrize(
    ("noted", "labels", "annotations"),
    [
        (last_applied(), {"team": "web", "x": "1"}, {"approve": "abc"}),
        (last_applied(labels={"team": "web"}), {"x": "1"}, {"approve": "abc"}),
        (
            last_applied(labels={"x": "0", "gone": "1"}),
            {"team": "web", "x": "2"},
            {"approve": "abc"},
        ),
        (last_applied(annotations={"approve": "abc"}), {"team": "web", "x": "1"}, {}),
        (
            last_applied(labels=None, annotations=["a"]),
            {"team": "web", "x": "1"},
            {"approve": "abc"},
        ),
        ("nonsense", {"team": "web", "x": "1"}, {"approve": "abc"}),
        ("[]", {"team": "web", "x": "1"}, {"approve": "abc"}),
        ('{"metadata": 1}', {"team": "web", "x": "1"}, {"approve": "abc"}),
    ],
)
def test_what_kubectl_applied_before_goes_with_the_file(
    noted: str, labels: dict[str, str], annotations: dict[str, str]
) -> None:
    there = zone(
        name="a",
        namespace="dns",
        labels={"team": "web", "x": "1"},
        annotations={"approve": "abc", LAST_APPLIED: noted},
    )
    own = {"x": "2"} if labels.get("x") == "2" else {}
    [made], _ = overlay([zone(name="a", labels=own)], {there.reference: there}, "dns", NOW)
    assert made.resource.metadata.labels == labels
    kept = dict(made.resource.metadata.annotations)
    assert kept.pop(LAST_APPLIED) == noted
    assert kept == annotations
