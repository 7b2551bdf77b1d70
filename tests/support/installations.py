"""The configuration of an operator in tests without a cluster."""

from dnsfleet_operator.configuration import Configuration

CONFIGURATION = Configuration(
    namespace="dns",
    release="dnsfleet",
    identity="operator-0",
    edge_image="dnsfleet-edge:1",
    pull_policy="IfNotPresent",
    pull_secrets=("registry", "mirror"),
    core_host="dnsfleet-core",
    core_port=6379,
    keys_secret="dnsfleet-keys",
    http_port=8080,
    orphan_seconds=1.0,
    trust_clock=False,
)
