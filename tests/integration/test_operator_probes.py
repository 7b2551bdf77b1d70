"""An operator tells probers of its Pops and zones, where it is to."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from dnsfleet.probing import lists
from dnsfleet.probing.lists import ProbeList
from dnsfleet.replication import keys
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.leading import probing
from dnsfleet_operator.leading.probing import PROBES
from dnsfleet_operator.objects import MANAGED_BY, POP_LABEL
from dnsfleet_operator.pops.pods import CONFIG_ANNOTATION
from dnsfleet_operator.pops.setting import version_of
from dnsfleet_operator.work_queue import Key
from dnsfleet_publisher.key_secrets import REPLICA_ACL
from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE, ControlledFleet
from support.valkey import Valkey
from support.waiting import wait_for

ADDRESS = "192.0.2.1"


def item(kind: str, name: str, spec: Object, **metadata: str) -> Object:
    api_version = "dnsfleet.io/v1alpha1"
    metadata = {"name": name, **metadata}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def service(pop: str) -> Object:
    """The Service of a Pop once it has a load balancer."""
    labels = {POP_LABEL: pop, "app.kubernetes.io/managed-by": MANAGED_BY}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"pop-{pop}-dns", "namespace": NAMESPACE, "labels": labels},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}},
    }


@pytest.fixture
def fleet(core: Valkey) -> Iterator[ControlledFleet]:
    with ControlledFleet(core, environment={"DNSFLEET_PROBES": "true"}) as fleet:
        yield fleet


def told(core: Valkey, fleet: ControlledFleet) -> ProbeList | None:
    """The newest list; None for none."""
    with closing(core.client()) as client:
        signed = client.hget(keys.PROBES, keys.PROBE_LIST)
    return None if signed is None else lists.verify(signed, [fleet.keys.private.public_key()])


def test_what_there_is_to_ask_is_told_and_told_again(core: Valkey, fleet: ControlledFleet) -> None:
    fleet.put(item("Pop", "fra", {}))
    fleet.put(item("Pop", "old", {"state": "Drained"}))
    records = [{"name": "www", "type": "A", "data": [ADDRESS]}]
    zone = {"origin": "a.example", "nameServers": ["ns1.example.net"], "records": records}
    fleet.put(item("Zone", "a", zone, namespace="dns"))
    fleet.put(service("fra"))

    def found() -> ProbeList | None:
        fleet.have_due([PROBES])
        said = told(core, fleet)
        return said if said is not None and said.zones and said.pops[0].addresses else None

    said = wait_for("the list", found, DEADLINE_SECONDS)
    assert said is not None
    fra, old = said.pops
    assert (fra.name, fra.addresses, fra.drained, fra.answers) == (
        "fra",
        ((ADDRESS, 53),),
        False,
        -1,
    )
    assert (old.name, old.addresses, old.drained) == ("old", (), True)
    (probed,) = said.zones
    assert (probed.zone, probed.pops) == ("a.example.", None)
    assert probed.record is not None
    for kind in ("Deployment", "NetworkPolicy"):
        assert fleet.cluster.get(kind, "pop-fra-probe", NAMESPACE) is not None


def test_a_replica_is_replaced_where_its_users_are_others_and_an_edge_is_not(
    fleet: ControlledFleet,
) -> None:
    """A Secret of a version before gets that user, and a replica reads users at its start."""
    fleet.put(item("Pop", "fra", {}))
    parts = {component: f"pop-fra-{component}" for component in ("replica", "edge")}

    def read(component: str) -> str:
        """The annotation whose change replaces the pods."""
        made = fleet.cluster.get("Deployment", parts[component], NAMESPACE)
        found = {} if made is None else made["spec"]["template"]["metadata"]["annotations"]
        return str(found.get(CONFIG_ANNOTATION, ""))

    wait_for("the Deployments", lambda: all(map(read, parts)), DEADLINE_SECONDS)
    users = version_of(fleet.keys.entries[REPLICA_ACL])
    assert read("replica").endswith(users)
    assert users not in read("edge")


def test_without_probes_nothing_is_told(core: Valkey) -> None:
    with ControlledFleet(core) as fleet:
        fleet.put(item("Pop", "fra", {}))
        fleet.wait_for_condition("Pop", "fra", "Ready", "EdgesNotReady")
        before = fleet.passes("Pop")
        fleet.have_due([PROBES, Key("Pop", "fra")])
        wait_for("both were due", lambda: fleet.passes("Pop") > before, DEADLINE_SECONDS)
        assert told(core, fleet) is None
        assert fleet.cluster.get("Deployment", "pop-fra-probe", NAMESPACE) is None


def test_a_list_that_the_core_does_not_take_is_told_once(
    core: Valkey, fleet: ControlledFleet, caplog: pytest.LogCaptureFixture
) -> None:
    fleet.put(item("Pop", "fra", {}))

    def events() -> list[str]:
        return [each.getMessage() for each in caplog.records if each.name == probing.__name__]

    def revision() -> Revision | None:
        fleet.have_due([PROBES])
        said = told(core, fleet)
        return None if said is None else said.revision

    wait_for("the first list", revision, DEADLINE_SECONDS)
    with closing(core.client()) as client:
        client.config_set("maxmemory", 1)
        for _ in range(3):
            before = fleet.last_turn()
            fleet.have_due([PROBES])
            wait_for("a turn", lambda before=before: fleet.last_turn() > before, DEADLINE_SECONDS)
        wait_for("the event", events, DEADLINE_SECONDS)
        client.config_set("maxmemory", 0)
    last = revision()
    wait_for("another list", lambda: revision() != last, DEADLINE_SECONDS)
    (failed,) = events()
    assert failed.startswith("event=probe_list_failed problem=")
