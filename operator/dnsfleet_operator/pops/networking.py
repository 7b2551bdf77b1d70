"""How a Pop is reached: its Services, its NetworkPolicies and its PodDisruptionBudget."""

from ipaddress import ip_network

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.objects import COMPONENT_LABEL
from dnsfleet_operator.pops.setting import DNS_PORT, HTTP_PORT, REDIS_PORT, Fields, Setting


def dns_service(setting: Setting) -> Object:
    """One Service for UDP and TCP, so that both have one address."""
    given = setting.pop.spec.service
    spec: Fields = {
        "type": given.type,
        "selector": setting.selector("edge"),
        "ports": [
            # By name: edges on the network of their nodes have no such port, and are no endpoints.
            {"name": "dns-udp", "port": 53, "protocol": "UDP", "targetPort": "dns-udp"},
            {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
        ],
        "ipFamilyPolicy": given.ip_family_policy or "PreferDualStack",
    }
    if given.ip_families:
        spec["ipFamilies"] = list(given.ip_families)
    if given.type != "ClusterIP":
        spec["externalTrafficPolicy"] = given.external_traffic_policy
    if given.type == "LoadBalancer" and given.load_balancer_class is not None:
        spec["loadBalancerClass"] = given.load_balancer_class
    if given.load_balancer_ip is not None:
        spec["loadBalancerIP"] = given.load_balancer_ip
    service = setting.object("v1", "Service", setting.name("dns"), "dns", spec=spec)
    service["metadata"]["annotations"] |= given.annotations
    return service


def replica_service(setting: Setting) -> Object:
    """Where the Pop's own edges find their replica."""
    spec = {
        "type": "ClusterIP",
        "selector": setting.selector("replica"),
        "ports": [
            {"name": "redis", "port": REDIS_PORT, "protocol": "TCP", "targetPort": REDIS_PORT}
        ],
    }
    return setting.object("v1", "Service", setting.name("replica"), "replica", spec=spec)


def disruption_budget(setting: Setting) -> Object:
    """Evictions take one edge at a time; one that is not Ready serves nobody, and may always go."""
    spec = {
        "maxUnavailable": 1,
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": setting.selector("edge")},
    }
    return setting.object(
        "policy/v1", "PodDisruptionBudget", setting.name("edge"), "edge", spec=spec
    )


def network_policies(setting: Setting) -> list[Object]:
    """Anyone may ask the edges and scrape them; only the Pop's edges and its prober may read its
    replica.

    So may the operator, where it is the replica that tells it what the Pop is to be. Edges on the
    network of their nodes come from the addresses of these, and no policy says who reaches them.
    """
    anyone = [
        {"port": DNS_PORT, "protocol": "UDP"},
        {"port": DNS_PORT, "protocol": "TCP"},
        {"port": HTTP_PORT, "protocol": "TCP"},
    ]
    readers: list[Fields] = [{"podSelector": {"matchLabels": setting.selector("edge")}}]
    if setting.configuration.probes:
        readers.append({"podSelector": {"matchLabels": setting.selector("probe")}})
    if setting.joined is not None:
        operator = {
            "app.kubernetes.io/name": "dnsfleet",
            "app.kubernetes.io/instance": setting.configuration.release,
            COMPONENT_LABEL: "operator",
        }
        readers.append({"podSelector": {"matchLabels": operator}})
    readers += _nodes(setting)
    redis = [{"port": REDIS_PORT, "protocol": "TCP"}]
    found = [
        policy(setting, "edge", {"ports": anyone}),
        policy(setting, "replica", {"from": readers, "ports": redis}),
    ]
    if setting.on_nodes and setting.joined is None:
        found.append(core_policy(setting))
    return found


def core_policy(setting: Setting) -> Object:
    """Lets edges on the network of their nodes tell the core what they answer.

    The policy of the core admits pods of its namespace, which these are not on the network.
    """
    core = {
        "app.kubernetes.io/name": "dnsfleet",
        "app.kubernetes.io/instance": setting.configuration.release,
        COMPONENT_LABEL: "core",
    }
    # Without a node there is no rule: one that names nobody would admit everybody.
    admitted = {"from": _nodes(setting), "ports": [{"port": "redis", "protocol": "TCP"}]}
    spec = {
        "podSelector": {"matchLabels": core},
        "policyTypes": ["Ingress"],
        "ingress": [admitted] if setting.nodes else [],
    }
    name = setting.name("core")
    return setting.object("networking.k8s.io/v1", "NetworkPolicy", name, "core", spec=spec)


def _nodes(setting: Setting) -> list[Fields]:
    """The nodes of the edges, as sources of a policy."""
    networks = map(ip_network, setting.nodes)
    return [{"ipBlock": {"cidr": str(each)}} for each in networks]


def policy(setting: Setting, component: str, ingress: Fields) -> Object:
    """The NetworkPolicy of the pods of a component: this may reach them, and nothing else."""
    spec = {
        "podSelector": {"matchLabels": setting.selector(component)},
        "policyTypes": ["Ingress"],
        "ingress": [ingress],
    }
    return setting.object(
        "networking.k8s.io/v1", "NetworkPolicy", setting.name(component), component, spec=spec
    )
