"""Which signed specs a joined Pop takes, and what is told of one that it does not."""

from dnsfleet.replication import pop_specs
from dnsfleet.replication.pop_specs import SignedPop
from dnsfleet.replication.revisions import Revision
from dnsfleet_operator.joined import own_keys, reporting
from dnsfleet_operator.joined.joining import Join
from dnsfleet_operator.joined.specs import Specs
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_publisher import key_secrets
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

KEYS = key_secrets.make()
JOIN = Join("fra", "core.example:16379", "pop-fra", "secret", KEYS.public_pem, "dnsfleet-join")


def signed(pop: str, seq: int, shards: int = 1) -> bytes:
    spec = {"edge": {"shards": shards}}
    return pop_specs.sign(SignedPop(pop, Revision(7, seq), 1, spec, KEYS.public_pem), KEYS.private)


def test_a_join_secret_of_another_pop_brings_that_pop_whatever_the_former_one_had() -> None:
    cluster = MemoryCluster()
    specs = Specs(cluster, CONFIGURATION, JOIN, own_keys.keep(cluster, CONFIGURATION, JOIN, None))
    assert specs.take(signed("fra", 3))
    specs.settle()
    other = JOIN._replace(pop="ams")
    specs.join(other, own_keys.keep(cluster, CONFIGURATION, other, specs.keys))
    assert specs.wanted() is None, "nothing is known of ams yet"
    assert specs.take(signed("ams", 1))
    assert specs.refused is None
    wanted = specs.wanted()
    assert wanted is not None
    assert wanted["metadata"]["name"] == "ams"


def test_a_folder_of_the_nodes_that_is_not_given_is_not_understood_and_the_pop_stays() -> None:
    cluster = MemoryCluster()
    specs = Specs(cluster, CONFIGURATION, JOIN, own_keys.keep(cluster, CONFIGURATION, JOIN, None))
    spec = {"edge": {"cacheHostPath": "/etc"}}
    asked = SignedPop("fra", Revision(7, 1), 1, spec, KEYS.public_pem)
    assert specs.take(pop_specs.sign(asked, KEYS.private))
    assert specs.wanted() is None
    assert specs.understood is not None
    assert "/etc is not below /var/cache/dnsfleet" in specs.understood.problem


def test_another_spec_of_a_revision_that_was_taken_is_told() -> None:
    cluster = MemoryCluster()
    specs = Specs(cluster, CONFIGURATION, JOIN, own_keys.keep(cluster, CONFIGURATION, JOIN, None))
    assert specs.take(signed("fra", 3))
    assert not specs.take(signed("fra", 3, shards=2))
    assert specs.refused is not None
    reason, message = specs.refused
    assert reason == "SpecOutdated"
    assert "another spec of revision 7.3 was taken already" in message
    assert not specs.take(signed("fra", 3))
    assert specs.refused is None


def test_a_spec_is_told_once_a_pass_over_the_pop_went_by_it() -> None:
    cluster = MemoryCluster()
    specs = Specs(cluster, CONFIGURATION, JOIN, own_keys.keep(cluster, CONFIGURATION, JOIN, None))

    def told() -> tuple[str, Revision | None]:
        report = reporting.report(0, "fra", specs, None, Workloads(), {}, ())
        return reporting.mirrored("core", specs, "").reason, report.revision

    assert specs.take(signed("fra", 1))
    assert told() == ("NoSpec", None)
    specs.follow()
    assert told() == ("FromCore", Revision(7, 1))
    assert specs.take(signed("fra", 2))
    assert told() == ("FromCore", Revision(7, 1)), "what is known of pods is about this one"
    specs.follow()
    assert told() == ("FromCore", Revision(7, 2))
