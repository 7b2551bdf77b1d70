"""The API server of the tests, as a process."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.api_servers import APIError, APIServer, api_server

SECONDS = 30.0


ZONES = "/apis/dnsfleet.io/v1alpha1/zones"


def zone(number: int) -> dict[str, Any]:
    return {
        "kind": "Zone",
        "metadata": {"name": f"zone-{number}", "namespace": "dns"},
        "spec": {"origin": f"zone-{number}.example"},
    }


@pytest.fixture
def api(tmp_path: Path) -> Iterator[APIServer]:
    namespace = {"kind": "Namespace", "metadata": {"name": "dns"}}
    with api_server(tmp_path, [namespace, *map(zone, range(5))]) as api:
        yield api


def asked(api: APIServer, path: str) -> list[Any]:
    """The answer as lines of JSON."""
    port = json.loads(api.kubeconfig.read_text())["clusters"][0]["cluster"]["server"].rsplit(":")[2]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    lines = [json.loads(line) for line in answer.read().splitlines()]
    connection.close()
    return lines


def test_pages_are_followed_by_their_tokens_and_noted(api: APIServer) -> None:
    began = time.monotonic()
    (first,) = asked(api, f"{ZONES}?limit=3")
    (second,) = asked(api, f"{ZONES}?limit=3&continue={first['metadata']['continue']}")
    assert (first["kind"], len(first["items"]), len(second["items"])) == ("ZoneList", 3, 2)
    assert first["metadata"]["remainingItemCount"] == 2
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]
    (noted,) = api.lists()
    assert (noted["plural"], noted["pages"]) == ("zones", 2)
    assert began < noted["began"] < noted["ended"] < time.monotonic()


def test_a_watch_tells_what_came_since_a_list_and_ends_with_a_bookmark(api: APIServer) -> None:
    (listed,) = asked(api, ZONES)
    before = time.monotonic()
    done = api.patch("Zone", "zone-1", "dns", {"spec": {"ttl": 60}})
    assert before < done.accepted < time.monotonic()
    api.delete("Zone", "zone-2", "dns")
    since = listed["metadata"]["resourceVersion"]
    query = f"watch=true&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={since}"
    events = asked(api, f"{ZONES}?{query}")
    assert [each["type"] for each in events] == ["MODIFIED", "DELETED", "BOOKMARK"]
    assert events[0]["object"] == done.object
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in events]
    assert versions == sorted(versions)
    assert api.writes()["zones"] == 2
    assert [each["metadata"]["name"] for each in api.all("Zone")] == [
        f"zone-{number}" for number in (0, 1, 3, 4)
    ]


def test_what_is_refused_says_why(api: APIServer) -> None:
    with pytest.raises(APIError, match=r'zones "zone-1" already exists \(409\)'):
        api.create(zone(1))
    with pytest.raises(APIError, match=r"not found \(404\)"):
        api.get("Zone", "nothing", "dns")
