"""What the API server takes as a dynamic RecordSet is what the models take."""

from collections.abc import Iterator
from typing import Any

import pytest
from dnsfleet import resources
from support.kube_api_servers import KubeAPIServer, kube_api_server

Object = dict[str, Any]

START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
SINCE = "2026-01-01T00:00:00Z"

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    with kube_api_server(tmp_path_factory.mktemp("api")) as server:
        yield server


def records(count: int, **more: object) -> list[Object]:
    return [
        {"name": f"n{number}", "type": "A", "data": ["192.0.2.1"], **more}
        for number in range(count)
    ]


def record_set(found: list[Object], **spec: object) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "RecordSet",
        "metadata": {"name": "update", "namespace": "default"},
        "spec": {"zoneRef": {"name": "z"}, "records": found, **spec},
    }


@pytest.mark.parametrize(
    "item",
    [
        record_set(records(1)),
        record_set(records(100), dynamic=False),
        record_set([], dynamic=True),
        record_set(records(1000, since=SINCE), dynamic=True),
    ],
    ids=["one", "a hundred", "empty", "a thousand"],
)
def test_taken(api: KubeAPIServer, item: Object) -> None:
    assert resources.parse(item, "item")[1] == []
    assert api.try_out(item) == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (record_set([]), "only a dynamic RecordSet may have none or more"),
        (record_set(records(101)), "only a dynamic RecordSet may have none or more"),
        (record_set(records(1, since=SINCE)), "each of the records has since"),
        (record_set(records(1), dynamic=True), "each of the records has since"),
        (record_set(records(1001, since=SINCE), dynamic=True), "must have at most 1000 items"),
        (record_set(records(1, since="today"), dynamic=True), "should match"),
    ],
)
def test_refused(api: KubeAPIServer, item: Object, said: str) -> None:
    assert resources.parse(item, "item")[1] != []
    with pytest.raises(AssertionError, match=said):
        api.try_out(item)
