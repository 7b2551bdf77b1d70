"""The chart's objects for the Prometheus operator, checked by the schemas of that operator."""

from collections.abc import Iterator

import pytest
import yaml
from cluster import builds
from cluster.access import Access, CommandError
from support.releases import CHART

KINDS = ("podmonitors", "prometheusrules")
ESTABLISHED_SECONDS = 30.0


@pytest.fixture(scope="module", name="definitions")
def _definitions(cluster: Access) -> Iterator[None]:
    """The kinds of the Prometheus operator, without the operator."""
    for path in builds.prometheus_operator_definitions(KINDS):
        cluster.kubectl("apply", "--server-side", "-f", str(path))
    names = [f"{kind}.monitoring.coreos.com" for kind in KINDS]
    cluster.wait("condition=Established", ESTABLISHED_SECONDS, "crd", *names)
    yield
    cluster.kubectl("delete", "crd", *names)


def rendered(cluster: Access, *options: str) -> str:
    return cluster.helm(
        *("template", "dnsfleet", str(CHART), "--show-only", "templates/monitoring.yaml"),
        *("--set", "podMonitor.enabled=true", "--set", "alerts.enabled=true", *options),
    )


def apply(cluster: Access, manifests: str) -> None:
    """Have the API server check it, unknown fields too; nothing is stored."""
    strictly = ("--server-side", "--dry-run=server", "--validate=strict")
    cluster.kubectl("apply", *strictly, "-f", "-", stdin=manifests)


def test_they_are_valid(cluster: Access, definitions: None) -> None:
    manifests = rendered(
        cluster, "--set", "podMonitor.labels.release=a", "--set", "alerts.labels.release=a"
    )
    found = [item["kind"] for item in yaml.safe_load_all(manifests) if item]
    assert sorted(found) == ["PodMonitor", "PrometheusRule"]
    apply(cluster, manifests)


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("podMetricsEndpoints", "podMetricEndpoints", "field not declared in schema"),
        ("honorLabels: true", "honorLabels: maybe", "expected boolean"),
        ("for: 1m", "for: soon", "should match"),
    ],
)
def test_the_schemas_refuse_what_is_wrong(
    cluster: Access, definitions: None, good: str, bad: str, words: str
) -> None:
    manifests = rendered(cluster)
    assert good in manifests
    with pytest.raises(CommandError, match=words):
        apply(cluster, manifests.replace(good, bad))
