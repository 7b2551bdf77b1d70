"""No tool for GitOps takes the Secrets of the operator for its own."""

from typing import Any

import pytest
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.secrets import cookie_secrets, key_keeping, pruning
from dnsfleet_operator.secrets.key_keeping import KeyKeeper
from support.installations import CONFIGURATION
from support.memory_clusters import MemoryCluster

KEYS, COOKIES = CONFIGURATION.keys_secret, cookie_secrets.name(CONFIGURATION)


def made() -> tuple[MemoryCluster, KeyKeeper]:
    cluster = MemoryCluster()
    keys, _ = key_keeping.first(cluster, CONFIGURATION)
    assert keys is not None
    cookie_secrets.keep(cluster, CONFIGURATION)
    return cluster, KeyKeeper(cluster, CONFIGURATION, keys, Metrics())


def secret(cluster: MemoryCluster, name: str) -> dict[str, Any]:
    found = cluster.get("Secret", name, CONFIGURATION.namespace)
    assert found is not None
    return found


@pytest.mark.parametrize("name", [KEYS, COOKIES])
def test_secrets_are_made_so_that_nobody_prunes_them(name: str) -> None:
    metadata = secret(made()[0], name)["metadata"]
    assert pruning.INSTANCE_LABEL not in metadata["labels"]
    assert metadata["annotations"] == pruning.KEEP


@pytest.mark.parametrize("name", [KEYS, COOKIES])
def test_secrets_of_an_older_version_are_marked(name: str) -> None:
    cluster, keeper = made()
    found = secret(cluster, name)
    labels = {**found["metadata"]["labels"], pruning.INSTANCE_LABEL: "dns"}
    metadata = {**found["metadata"], "labels": labels, "annotations": {"ours": "1"}}
    cluster.replace({**found, "metadata": metadata})
    keeper.look(None)
    cookie_secrets.keep(cluster, CONFIGURATION)
    marked = secret(cluster, name)
    assert pruning.INSTANCE_LABEL not in marked["metadata"]["labels"]
    assert marked["metadata"]["annotations"] == {"ours": "1", **pruning.KEEP}
    assert marked["data"] == found["data"]
    assert keeper.report.good
    keeper.look(None)
    assert secret(cluster, name) == marked
