"""The keys of TsigKeys on their way to gates, at an API server as a dict."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import PrimaryKey
from dnsfleet_operator.cluster import ClusterError, Object
from dnsfleet_operator.gates import secret_reads, tables
from dnsfleet_operator.gates.passes import GatePasses
from dnsfleet_operator.statuses.events import Notice
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

NAME = "dnsfleet-tsig-keys"
DEFINITION = {"kind": "CustomResourceDefinition", "metadata": {"name": "tsigkeys.dnsfleet.io"}}


class Rig:
    """The passes, and what came of them."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster()
        self.cluster.put(DEFINITION)
        labels = {"app.kubernetes.io/instance": "dnsfleet", "app.kubernetes.io/component": "gate"}
        metadata = {"name": "gate-1", "namespace": "dns", "labels": labels}
        self.cluster.put({"kind": "Pod", "metadata": metadata, "spec": {}})
        self.counts: tuple[int, int] = (-1, -1)
        self.notices: list[Notice] = []
        self.owners: dict[str, Reference] | None = {}
        self.begin()

    def begin(self) -> None:
        """A new leader."""
        self.primary_keys: Mapping[str, PrimaryKey] = {}
        self._passes = GatePasses(
            self.cluster,
            CONFIGURATION,
            self._put,
            self._count,
            self._trust_primaries,
            lambda: self.owners if self.owners is None else self.owners.get,
        )

    def look(self) -> dict[str, bytes]:
        """One pass; name and secret of each key that gates then have."""
        self._passes.look()
        found = self.cluster.get("Secret", NAME, "dns")
        return {row.key.name: row.key.secret for row in tables.read(found)}

    def secret(self, octets: bytes, name: str = "s") -> None:
        text = base64.b64encode(base64.b64encode(octets)).decode()
        metadata = {"name": name, "namespace": "dns"}
        self.cluster.put({"kind": "Secret", "metadata": metadata, "data": {"secret": text}})

    def key(self, name: str = "k", namespace: str = "dns", **more: Any) -> Object:
        spec = {"secretRef": {"name": "s"}, "zones": ["*"], "for": ["transfer", "primary"], **more}
        metadata = {"name": name, "namespace": namespace}
        made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "TsigKey"}
        return self.cluster.put({**made, "metadata": metadata, "spec": spec})

    def delete(self, kind: str, name: str, namespace: str = "dns") -> None:
        found = self.cluster.get(kind, name, namespace)
        assert found is not None
        self.cluster.delete({"kind": kind, **found})

    def ready(self, name: str = "k") -> tuple[str, str]:
        found = self.cluster.get("TsigKey", name, "dns")
        assert found is not None
        (condition,) = found["status"]["conditions"]
        assert condition["observedGeneration"] == found["metadata"]["generation"]
        return condition["status"], condition["reason"]

    def _put(
        self,
        reference: Reference,
        _uid: str,
        status: Mapping[str, Any],
        notices: Sequence[Notice],
        _urgent: bool,
    ) -> None:
        found = self.cluster.get(reference.kind, reference.name, reference.namespace)
        assert found is not None
        self.cluster.put({**found, "status": status})
        self.notices += notices

    def _count(self, ready: int, unready: int) -> None:
        self.counts = (ready, unready)

    def _trust_primaries(self, keys: Mapping[str, PrimaryKey]) -> None:
        self.primary_keys = keys


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_key_and_its_secret_come_to_gates_whichever_is_first(rig: Rig) -> None:
    rig.key()
    assert rig.look() == {}
    assert rig.ready() == ("False", "NoSecret")
    assert rig.counts == (0, 1)
    rig.secret(b"a" * 32)
    assert rig.look() == {"k.": b"a" * 32}
    assert rig.ready() == ("True", "Given")
    assert rig.counts == (1, 0)
    assert list(rig.primary_keys) == ["k"]
    assert [each.reason for each in rig.notices] == ["NoSecret"]


def test_what_is_as_it_should_be_is_not_written_again(rig: Rig) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    rig.look()
    status = rig.cluster.get("TsigKey", "k", "dns")
    writes = rig.cluster.writes["Secret"]
    rig.look()
    rig.begin()
    rig.look()
    assert rig.cluster.writes["Secret"] == writes
    assert rig.cluster.get("TsigKey", "k", "dns") == status


def test_a_secret_that_is_deleted_for_a_moment_costs_nothing(rig: Rig) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    rig.look()
    rig.delete("Secret", "s")
    assert rig.look() == {"k.": b"a" * 32}
    assert rig.ready() == ("False", "NoSecret")
    rig.begin()
    assert rig.look() == {"k.": b"a" * 32}, "also for a leader who never saw it"
    rig.secret(b"b" * 32)
    assert rig.look() == {"k.": b"b" * 32}
    assert rig.ready() == ("True", "Given")


def test_the_secret_for_gates_is_made_again(rig: Rig) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    rig.look()
    rig.delete("Secret", NAME)
    assert rig.look() == {"k.": b"a" * 32}


def test_two_keys_overlap_while_one_takes_the_place_of_the_other(rig: Rig) -> None:
    rig.secret(b"a" * 32)
    rig.key("old")
    rig.key("new")
    assert rig.look().keys() == {"old.", "new."}
    rig.delete("TsigKey", "old")
    assert rig.look().keys() == {"new."}


def test_keys_that_went_with_their_definition_stay(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    rig.look()
    rig.delete("TsigKey", "k")
    rig.delete("CustomResourceDefinition", "tsigkeys.dnsfleet.io", "")
    for _ in range(2):
        assert rig.look() == {"k.": b"a" * 32}
    assert caplog.text.count("TsigKey dns/k is gone and gates keep its key") == 1
    later = {"name": "tsigkeys.dnsfleet.io", "creationTimestamp": "2026-02-01T00:00:00Z"}
    rig.cluster.put({**DEFINITION, "metadata": later})
    assert rig.look() == {"k.": b"a" * 32}
    rig.key()
    assert rig.look() == {"k.": b"a" * 32}
    assert rig.ready() == ("True", "Given")


def test_what_the_api_server_does_not_tell_changes_nothing(rig: Rig) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    had = rig.look()
    for kind in ("TsigKey", "Secret"):
        rig.cluster.faults[kind] = ClusterError("away", 0)
        with pytest.raises(ClusterError):
            rig.look()
        del rig.cluster.faults[kind]
    assert rig.look() == had


def test_keys_of_other_namespaces_do_not_count(rig: Rig) -> None:
    rig.secret(b"a" * 32)
    rig.key(namespace="team")
    assert rig.look() == {}


def test_the_pods_of_gates_are_told_of_the_secret(rig: Rig) -> None:
    rig.key()
    rig.secret(b"a" * 32)
    rig.look()
    pod, found = rig.cluster.get("Pod", "gate-1", "dns"), rig.cluster.get("Secret", NAME, "dns")
    assert pod is not None and found is not None
    version = found["metadata"]["resourceVersion"]
    assert pod["metadata"]["annotations"] == {f"mounted.dnsfleet.io/{NAME}": f"{version}.0"}


def test_many_secrets_are_asked_for_in_turn() -> None:
    rig = Rig()
    named = [Reference("Secret", "dns", f"s{number}") for number in range(25)]
    for each in named:
        rig.secret(b"a" * 32, each.name)
    reads = secret_reads.SecretReads(rig.cluster)
    before = reads.look(named)
    assert len(before) == 25
    for each in named:
        rig.secret(b"b" * 32, each.name)
    changed = []
    for _ in range(3):
        asked = rig.cluster.versions_asked
        found = reads.look(named)
        assert rig.cluster.versions_asked - asked <= secret_reads.READS
        changed.append(sum(found[each] != before[each] for each in named))
    assert changed == [10, 20, 25]


def test_gates_are_told_when_an_origin_has_another_zone(rig: Rig) -> None:
    rig.secret(b"a" * 32)
    rig.key(zones=["example.com"], **{"for": ["update"]})

    def zones() -> Mapping[str, Reference]:
        rig.look()
        (row,) = tables.read(rig.cluster.get("Secret", NAME, "dns"))
        assert row.key.updates is not None
        return row.key.updates.zones

    assert zones() == {}
    assert rig.ready() == ("True", "Given") and rig.notices == []
    rig.owners = {"example.com.": Reference("Zone", "team", "com")}
    assert zones() == rig.owners
    writes = rig.cluster.writes["Secret"]
    rig.owners |= {f"z{number}.": Reference("Zone", "team", "z") for number in range(9)}
    assert zones().keys() == {"example.com."} and rig.cluster.writes["Secret"] == writes
    rig.owners = None
    rig.begin()
    assert zones().keys() == {"example.com."} and rig.cluster.writes["Secret"] == writes
