"""Which namespaces a plan looks at: the context's for objects without one, and those watched."""

from pathlib import Path

import pytest
from dnsfleet import resources
from dnsfleet.resources.documents import Document
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.plans import seen

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
contexts:
  - {name: a, context: {cluster: c, user: u, namespace: team-a}}
  - {name: b, context: {cluster: c, user: u}}
  - {name: d, context: {cluster: c, user: u, namespace: team-d}}
current-context: a
"""


@pytest.mark.parametrize(
    ("context", "namespace"), [(None, "team-a"), ("b", "default"), ("d", "team-d")]
)
def test_the_namespace_is_that_of_the_context(
    tmp_path: Path, context: str | None, namespace: str
) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG)
    assert Cluster(path, context).namespace == namespace


def test_a_kubeconfig_needs_no_current_context_where_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(KUBECONFIG.replace("current-context: a\n", ""))
    assert Cluster(path, "d").namespace == "team-d"


class Operators(Cluster):
    """A cluster whose operators have these environments."""

    def __init__(self, *environments: Object) -> None:
        self._environments = environments

    def pods(self, labels: str, namespace: str = "") -> list[Object]:
        assert "component in (operator)" in labels
        assert namespace == "dns"
        return [
            {"spec": {"containers": [{"name": "operator", "env": [one]}, {"name": "other"}]}}
            for one in self._environments
        ]


@pytest.mark.parametrize(
    ("environments", "watched"),
    [
        ((), set()),
        (({"name": "OTHER", "value": "x"},), set()),
        (({"name": "DNSFLEET_WATCH_NAMESPACES", "value": "a,b"},) * 2, {"a", "b"}),
        (({"name": "DNSFLEET_WATCH_NAMESPACES"},), set()),
    ],
)
def test_the_operators_say_which_they_watch(
    environments: tuple[Object, ...], watched: set[str]
) -> None:
    assert Operators(*environments).watched_namespaces("dns") == watched


def document(kind: str, namespace: str) -> Document:
    spec = {
        "Zone": {"origin": "example.com", "nameServers": ["ns1.example.net"]},
        "RecordSet": {
            "zoneRef": {"name": "a"},
            "records": [{"name": "w", "type": "A", "data": ["192.0.2.1"]}],
        },
        "Pop": {},
    }[kind]
    metadata = {"name": "a"} | ({"namespace": namespace} if namespace else {})
    found = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    resource, wrong = resources.parse(found, "object")
    assert resource is not None, wrong
    return Document(kind, resource, "zones.yaml", 3, {})


def test_what_the_operator_does_not_read_is_told_and_not_planned() -> None:
    files = [document("Zone", "a"), document("RecordSet", "b"), document("Pop", "")]
    kept, [told] = seen(files, {"a", "c"})
    assert kept == [files[0], files[2]]
    assert (told.where, told.reason, told.severity) == ("zones.yaml:3", "NotLookedAt", "warning")
    assert "namespace b" in told.message
    assert seen(files, set()) == (files, [])
