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


def claimed(count: int, **more: object) -> list[Object]:
    return records(count, **{"ttl": 60, "since": SINCE} | more)


def record_set(**spec: object) -> Object:
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "RecordSet",
        "metadata": {"name": "update", "namespace": "default"},
        "spec": {"zoneRef": {"name": "z"}, **spec},
    }


@pytest.mark.parametrize(
    "item",
    [
        record_set(records=records(1)),
        record_set(records=records(100)),
        record_set(dynamicRecords=[]),
        record_set(dynamicRecords=claimed(1000)),
    ],
    ids=["one", "a hundred", "empty", "a thousand"],
)
def test_taken(api: KubeAPIServer, item: Object) -> None:
    assert resources.parse(item, "item")[1] == []
    assert api.try_out(item) == []


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (record_set(), "give records; or dynamicRecords"),
        (record_set(records=records(1), dynamicRecords=[]), "give records; or dynamicRecords"),
        (record_set(records=[]), "should have at least 1 items"),
        (record_set(records=records(101)), "must have at most 100 items"),
        (record_set(dynamicRecords=records(1)), "since: Required value"),
        (record_set(dynamicRecords=records(1, since=SINCE)), "ttl: Required value"),
        (record_set(dynamicRecords=claimed(1001)), "must have at most 1000 items"),
        (record_set(dynamicRecords=claimed(1, since="today")), "should match"),
        (record_set(dynamicRecords=claimed(1, type="SOA")), "the SOA comes from the Zone only"),
    ],
)
def test_refused(api: KubeAPIServer, item: Object, said: str) -> None:
    assert resources.parse(item, "item")[1] != []
    with pytest.raises(AssertionError, match=said):
        api.try_out(item)
