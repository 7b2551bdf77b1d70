"""Which logs of a cluster are read for a trace, how much of them, and what is left out is told."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dnsfleet_cli.kubectl import objects, pod_logs
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble

ZONE = "example.com."
LOADED = f"event=zone_loaded zone={ZONE} lsn=3"


class Cluster:
    """Pods with logs, and objects."""

    def __init__(self, *pods: Object, **logs: list[str] | None) -> None:
        self._pods = pods
        self._logs = logs
        self.asked: list[tuple[str, str, bool, int, int]] = []

    def pods(self, selector: str, namespace: str) -> list[Object]:
        assert namespace == "dns"
        return [each for each in self._pods if selects(selector, each["metadata"]["labels"])]

    def log(self, pod: Object, container: str, previous: bool, since: int, lines: int) -> str:
        name = pod["metadata"]["name"]
        self.asked.append((name, container, previous, since, lines))
        found = self._logs[f"{name}_before" if previous else name]
        if found is None:
            raise Trouble("cannot read it: no kubelet")
        return "\n".join(found) + "\n"

    def record_sets(self) -> list[Object]:
        return [
            record_set("shop", "example", "dns"),
            record_set("team", "example", None),
            record_set("other", "other", "dns"),
        ]

    def pops(self) -> list[Object]:
        return [{"kind": "Pop", "metadata": {"name": "fra"}}]

    def zone_classes(self) -> list[Object]:
        return []


def selects(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether a label selector of the forms `a=b` and `a in (b, c)` takes these labels."""
    terms = re.findall(r"([^,=() ]+)(?:=([^,]+)| in \(([^)]*)\))", selector)
    assert terms
    return all(labels.get(key) in (one or several).split(", ") for key, one, several in terms)


def record_set(name: str, zone: str, namespace: str | None) -> Object:
    reference = {"name": zone} | ({"namespace": namespace} if namespace else {})
    return {"metadata": {"name": name, "namespace": "team"}, "spec": {"zoneRef": reference}}


def pod(name: str, component: str, restarts: int = 0, seconds: float = 60, **labels: str) -> Object:
    started = datetime.now(UTC) - timedelta(seconds=seconds)
    status = {
        "startTime": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "containerStatuses": [{"name": component, "restartCount": restarts}],
    }
    own = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": component}
    return {"metadata": {"name": name, "labels": {**own, **labels}}, "status": status}


def edge(name: str, **told: Any) -> Object:
    return pod(name, "edge", **told, **{"dnsfleet.io/pop": "fra"})


def read(cluster: Cluster, seconds: int = 3600) -> tuple[list[pod_logs.Log], list[str]]:
    return pod_logs.read(cluster, "dns", ZONE, seconds)  # type: ignore[arg-type]


def test_only_lines_that_a_trace_needs_are_kept() -> None:
    needed = [LOADED, "event=told lsn=3", "event=acked lsn=3", "event=lines_left_out of=told"]
    others = ["event=zone_loaded zone=other.example. lsn=2", "msg=noise"]
    cluster = Cluster(edge("e1"), e1=["event=started", *needed, *others])
    logs, unread = read(cluster)
    assert unread == []
    assert [each[:3] for each in logs] == [("fra/e1", True, ["event=started", *needed])]
    assert not logs[0].cut
    assert cluster.asked == [("e1", "edge", False, 3600, pod_logs.TAIL_LINES)]


def test_a_container_that_was_started_again_has_an_older_log() -> None:
    cluster = Cluster(edge("e1", restarts=2), e1=["event=started"], e1_before=["x", LOADED])
    (log,), _ = read(cluster)
    assert log.lines == ["x", LOADED]
    assert [previous for _, _, previous, _, _ in cluster.asked] == [True, False]


def test_pods_of_other_applications_are_not_read() -> None:
    foreign = {"app.kubernetes.io/name": "gateway"}
    others = [pod("g1", "edge", **foreign), pod("g2", "operator", **foreign)]
    cluster = Cluster(edge("e1"), *others, e1=["x"], g1=["x"], g2=["x"])
    logs, unread = read(cluster)
    assert ([each.process for each in logs], unread) == (["fra/e1"], [])
    assert [name for name, *_ in cluster.asked] == ["e1"]


def test_what_was_not_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_logs, "TAIL_LINES", 3)
    pods = [
        pod("o1", "operator"),
        edge("full"),
        edge("old", seconds=90),
        edge("gone"),
    ]
    cluster = Cluster(*pods, o1=["x"], full=["x"] * 3, old=["x"], gone=None)
    logs, unread = read(cluster, 60 + 15)
    found = {each.process: (each.is_edge, each.cut) for each in logs}
    assert found == {"o1": (False, False), "fra/full": (True, True), "fra/old": (True, True)}
    assert unread == ["fra/gone: cannot read it: no kubelet"]


def test_a_zone_is_made_of_all_objects_that_can_change_it() -> None:
    files = {"configMaps": [{"name": "records", "key": "zone"}]}
    zone = {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "example", "namespace": "dns"},
        "spec": {"origin": ZONE, "zoneFile": files},
        "status": {"anything": 1},
    }
    assert pod_logs.parts(zone, Cluster()) == {  # type: ignore[arg-type]
        ("Zone", "dns/example"),
        ("ConfigMap", "dns/records"),
        ("RecordSet", "team/shop"),
        ("Pop", "fra"),
        ("Namespace", "dns"),
    }


def test_a_word_is_a_zone_or_an_origin_that_has_none_any_more() -> None:
    zone = {"metadata": {"name": "example", "namespace": "dns"}, "spec": {"origin": "example.com"}}
    assert objects.zone_or_origin("dns/example", [zone]) == (ZONE, zone)
    assert objects.zone_or_origin("Example.COM", [zone]) == (ZONE, zone)
    assert objects.zone_or_origin("gone.example", [zone]) == ("gone.example.", None)
    with pytest.raises(Trouble, match=r"no Zone a\.\.b, and no origin"):
        objects.zone_or_origin("a..b", [zone])
