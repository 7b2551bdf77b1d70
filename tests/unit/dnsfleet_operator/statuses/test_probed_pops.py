"""What probers are told of a Pop: where it answers, and what all of its edges prove."""

from typing import Any

import pytest
from dnsfleet.probing.lists import MAX_ADDRESSES, ProbedPop
from dnsfleet.replication.acks import Ack
from dnsfleet_operator.observed.edge_pods import EdgePod
from dnsfleet_operator.statuses.probed_pops import probed
from dnsfleet_operator.statuses.propagation import Fleet
from support import yaml_resources
from support.evidence import known_positions, proved

NOW = 1_000_000
STATUS = {"addresses": ["192.0.2.1", "2001:db8::1"]}
WHERE = (("192.0.2.1", 53), ("2001:db8::1", 53))


def told(
    spec: str = "",
    *acks: Ack,
    status: dict[str, Any] = STATUS,
    active: bool = True,
    others: str = "",
    **metadata: Any,
) -> ProbedPop:
    """Of Pop fra, whose edges said this; beside it is one more Pop."""
    fra = yaml_resources.pop(spec, **metadata)
    iad = yaml_resources.pop(others, name="iad")
    edges = [EdgePod("fra", f"e{number}", True) for number, _ in enumerate(acks)]
    said = {edge.field: ack for edge, ack in zip(edges, acks, strict=True)}
    ready = {"fra": tuple(edges)} if edges else {}
    fleet = Fleet(["fra"] if active else [], ready, said, known_positions(), NOW)
    found = probed([(iad, {}), (fra, status)], fleet)
    assert [pop.name for pop in found] == ["fra", "iad"]
    return found[0]


def test_it_answers_what_all_of_its_edges_prove() -> None:
    bad = proved(12, {"bad.example.": "why"}, 0, NOW)
    assert told("", proved(10, None, 0, NOW), bad) == ProbedPop(
        "fra", WHERE, False, 10, ("bad.example.",)
    )
    unproved = proved(12, None, 0, NOW)._replace(total=None)
    assert told("", proved(10, None, 0, NOW), unproved).answers == -1
    assert told("").answers == -1


def test_it_has_the_addresses_of_its_status() -> None:
    assert told("", status={}).addresses == ()
    many = {"addresses": [f"192.0.2.{number}" for number in range(MAX_ADDRESSES + 1)]}
    assert len(told("", status=many).addresses) == MAX_ADDRESSES
    named = told("", status={"addresses": ["lb.example"]})
    assert named.addresses == (("lb.example", 53),)


@pytest.mark.parametrize("type_", ["LoadBalancer", "NodePort", "ClusterIP"])
def test_what_only_its_own_cluster_reaches_is_not_asked_from_another_one(type_: str) -> None:
    spec = f"service: {{type: {type_}}}"
    assert told(spec).addresses == WHERE
    assert told(spec, others="cluster: agent").addresses == (
        WHERE if type_ == "LoadBalancer" else ()
    )


def test_addresses_of_nodes_are_asked_from_elsewhere_where_somebody_chose_them() -> None:
    node = "exposure: HostNetwork, nodeSelector: {dns: 'yes'}"
    plain, chosen = f"edge: {{{node}}}", f"edge: {{{node}, hostPrefixes: ['192.0.2.0/24']}}"
    assert [told(each).addresses for each in (plain, chosen)] == [WHERE, WHERE]
    others = [told(each, others="cluster: agent").addresses for each in (plain, chosen)]
    assert others == [(), WHERE]


def test_who_is_out_of_service_is_not_asked() -> None:
    drained = ProbedPop("fra", (), True)
    word = proved(10, None, 0, NOW)
    assert told("", word, active=False) == drained
    assert told("state: Drained") == drained  # a new leader has not decided yet
    assert told("edge: {replicas: 0}") == drained
    assert not told("state: Drained", word).drained  # it may not stop yet
