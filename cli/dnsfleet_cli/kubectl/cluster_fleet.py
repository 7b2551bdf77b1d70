"""A fleet in a cluster, as `verify` asks it: objects by the API server, the rest by port-forward.

Core, replicas and edges are reached as pods, so no Service, load balancer or network policy is in
between. The passwords of the Redis servers and the public keys are in the Secret with the keys;
whoever may read that may publish, so `verify` is a command for the administrator of the fleet.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from dnsfleet import resources
from dnsfleet.resources import Pop, Reference, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet_io.redis_clients import Server, redis_client
from dnsfleet_publisher.core_redis import ANSWER_SECONDS, CoreRedis
from dnsfleet_publisher.dependencies import wanted_config_maps
from dnsfleet_publisher.dry_core import DryCore
from dnsfleet_publisher.key_secrets import Keys
from dnsfleet_publisher.redis_users import STATUS
from dnsfleet_publisher.zone_sources import SourceError, Text

from dnsfleet_cli.kubectl import keys, objects
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import Pod, selector
from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.verifying import wanted
from dnsfleet_cli.verifying.gathering import Ask
from dnsfleet_cli.verifying.wanted import Resources


class ClusterFleet:
    """See `verifying.gathering.Fleet`."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        """The release of a namespace, or the only one there is; Trouble where it is not there."""
        # What the store logs is said by a writer, and this is none.
        logging.getLogger("dnsfleet_publisher").setLevel(logging.CRITICAL)
        self._cluster = cluster
        secret = keys.find_secret(cluster, namespace)
        self._namespace: str = secret["metadata"]["namespace"]
        self._keys: Keys = keys.read_secret(secret)
        self.watched = cluster.watched_namespaces(self._namespace)
        """The namespaces whose Zones and RecordSets the operator reads; empty for all."""
        self._clients: dict[Pod, redis.Redis] = {}
        self._core_pod = self._pod(selector("core"), "core")
        self._core = self._redis(self._core_pod, "publisher")
        self.core = CoreRedis(self._core)

    @property
    def keys(self) -> Keys:
        """What signs what is published."""
        return self._keys

    def dry_core(self) -> DryCore:
        """The core, to be read by who writes nothing."""
        return DryCore(self._core)

    def looking_core(self) -> redis.Redis:
        """The core for who only looks: by the user of the status page, as the publisher's may begin
        no transaction. Trouble where the Secret lacks its password."""
        if STATUS not in self._keys.entries:
            raise Trouble(f"the Secret with the keys has no password {STATUS}")
        return self._client(self._core_pod, STATUS)

    @property
    def public(self) -> Sequence[Ed25519PublicKey]:
        """The keys by which edges verify."""
        return self._keys.public

    def resources(self) -> Resources:
        """What the objects of the cluster ask for now."""
        found, refused = self.documents()
        unread = Urls()
        pops = [each.resource for each in found if isinstance(each.resource, Pop)]
        remote = frozenset(pop.metadata.name for pop in pops if pop.spec.cluster == "agent")
        return wanted.read(found, refused, unread, unread.zones)._replace(remote=remote)

    def documents(self, more: Iterable[Zone] = ()) -> tuple[list[Document], list[Violation]]:
        """The objects of the cluster, and what is wrong with those that cannot be read.

        Zones and RecordSets of namespaces that the operator does not read are none of the fleet. Of
        ConfigMaps those that its Zones refer to, or those in `more`.
        """
        cluster = self._cluster
        found: list[Document] = []
        refused: list[Violation] = []
        for each in (
            *filter(self.is_seen, cluster.zones()),
            *cluster.pops(),
            *filter(self.is_seen, cluster.record_sets()),
            *cluster.zone_classes(),
            *(_core_object("Namespace", each) for each in cluster.namespaces()),
        ):
            _take(each, found, refused)
        zones = [*more, *(each.resource for each in found if isinstance(each.resource, Zone))]
        for reference in {one for zone in zones for one in wanted_config_maps(zone)}:
            if (config_map := cluster.config_map(reference.name, reference.namespace)) is not None:
                _take(_core_object("ConfigMap", config_map), found, refused)
        return found, refused

    def is_seen(self, found: Object) -> bool:
        """Whether the operator reads the Zones and RecordSets of an object's namespace."""
        return not self.watched or found["metadata"]["namespace"] in self.watched

    def replica(self, pop: str) -> CoreRedis:
        """The replica of a Pop."""
        pod = self._pod(f"dnsfleet.io/pop={pop},{selector('replica')}", f"replica of Pop {pop}")
        return CoreRedis(self._redis(pod, "edge"))

    def edges(self, pop: str) -> Mapping[str, Ask]:
        """The Ready edges of a Pop."""
        found = self._cluster.edges(pop, self._namespace)
        return {each.name: _asking(self._cluster, each) for each in found}

    def _pod(self, labels: str, what: str) -> Pod:
        found = self._cluster.redis_pods(labels, self._namespace)
        if not found:
            raise Trouble(
                f"no Ready pod of the {what} in namespace {self._namespace}: see "
                f"`kubectl get pods -n {self._namespace} -l '{labels}'`; a core outside of the "
                "cluster cannot be reached from here"
            )
        return found[0]

    def _redis(self, pod: Pod, user: str) -> redis.Redis:
        """A client of the Redis of a pod; the same for the same pod."""
        if pod not in self._clients:
            self._clients[pod] = self._client(pod, user)
        return self._clients[pod]

    def _client(self, pod: Pod, user: str) -> redis.Redis:
        cluster = self._cluster

        class Forwarded(redis.Connection):
            def _connect(self) -> Any:
                try:
                    connection = cluster.connection(pod)
                except Trouble as trouble:
                    raise redis.ConnectionError(str(trouble)) from None
                connection.settimeout(ANSWER_SECONDS)
                return connection

        password = self._keys.entries[user].strip()
        server = Server(pod.name, pod.port, user, password)
        return redis_client(server, ANSWER_SECONDS, Forwarded)


class Urls:
    """Zone files at addresses: the operator reads them, and nobody reads them here."""

    def __init__(self) -> None:
        self.zones: set[Reference] = set()

    def read(self, zone: Zone, document: Document) -> Text:
        del document
        self.zones.add(zone.reference)
        raise SourceError("url", "only the operator reads it")

    def unchanged(self, reference: Reference) -> bool:
        return reference not in self.zones

    def drop(self, reference: Reference) -> None:
        self.zones.discard(reference)


def _take(found: Object, documents: list[Document], refused: list[Violation]) -> None:
    plain = {key: value for key, value in found.items() if key != "status"}
    where = f"{found['kind']} {objects.name(found)}"
    resource, violations = resources.parse(plain, where)
    refused += violations
    if resource is not None:
        documents.append(Document(resource.kind, resource, "", 0, {}))


def _core_object(kind: str, found: Object) -> Object:
    """An object of the core API as it is in a file: its list leaves out what it is."""
    return {"apiVersion": "v1", **found, "kind": kind}


def _asking(cluster: Cluster, edge: Pod) -> Ask:
    return lambda queries: cluster.ask(edge, queries)
