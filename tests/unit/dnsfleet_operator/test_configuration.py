"""The operator takes its environment whole, or says what is wrong with each variable."""

import pytest
from dnsfleet_operator.configuration import ConfigurationError, from_environment

GOOD = {
    "DNSFLEET_NAMESPACE": "dnsfleet-system",
    "POD_NAME": "dnsfleet-operator-0",
    "DNSFLEET_EDGE_IMAGE": "dnsfleet-edge:1",
    "DNSFLEET_CORE_HOST": "dnsfleet-core",
}


def test_defaults() -> None:
    found = from_environment(GOOD)
    assert (found.namespace, found.release, found.identity) == (
        "dnsfleet-system",
        "dnsfleet",
        "dnsfleet-operator-0",
    )
    assert (found.core_port, found.http_port, found.keys_secret) == (6379, 8080, "dnsfleet-keys")
    assert found.orphan_seconds == 86400
    assert found.pull_secrets == ()
    assert not found.probes
    assert from_environment(GOOD | {"DNSFLEET_PROBES": "true"}).probes
    assert found.cache_host_path_prefix == "/var/cache/dnsfleet"
    assert (found.cache_host_path_init, found.openshift, found.priority_class) == (True, False, "")


def test_what_pods_of_pops_are_told() -> None:
    told = {
        "DNSFLEET_CACHE_HOST_PATH_INIT": "false",
        "DNSFLEET_OPENSHIFT": "true",
        "DNSFLEET_PRIORITY_CLASS": "dns",
    }
    found = from_environment(GOOD | told)
    assert (found.cache_host_path_init, found.openshift) == (False, True)
    assert found.priority_class == "dns"


@pytest.mark.parametrize("value", ["{", "[]", '{"a": 1}'])
def test_labels_of_pods_are_texts(value: str) -> None:
    found = from_environment(GOOD | {"DNSFLEET_POD_LABELS": '{"a": "b"}'})
    assert (found.pod_labels, found.pod_annotations) == ({"a": "b"}, {})
    with pytest.raises(ConfigurationError, match=r"DNSFLEET_POD_LABELS: .* is no JSON object"):
        from_environment(GOOD | {"DNSFLEET_POD_LABELS": value})


def test_pull_secrets_are_a_list() -> None:
    found = from_environment(GOOD | {"DNSFLEET_IMAGE_PULL_SECRETS": "registry,mirror"})
    assert found.pull_secrets == ("registry", "mirror")


def test_roles() -> None:
    assert from_environment(GOOD | {"DNSFLEET_ROLE": "pop"}).role == "pop"
    assert from_environment(GOOD).role == "all"
    with pytest.raises(ConfigurationError, match="'edge': give one of all, core, pop"):
        from_environment(GOOD | {"DNSFLEET_ROLE": "edge"})


def test_the_level_of_edges() -> None:
    assert from_environment(GOOD).edge_log_level == "info"
    assert from_environment(GOOD | {"DNSFLEET_EDGE_LOG_LEVEL": "debug"}).edge_log_level == "debug"
    with pytest.raises(ConfigurationError, match="'loud': give one of info, debug, warning, error"):
        from_environment(GOOD | {"DNSFLEET_EDGE_LOG_LEVEL": "loud"})


def test_every_problem_is_named_at_once() -> None:
    wrong = GOOD | {"DNSFLEET_CORE_PORT": "65536", "DNSFLEET_ORPHAN_SECONDS": "nan"}
    del wrong["DNSFLEET_EDGE_IMAGE"]
    with pytest.raises(ConfigurationError) as caught:
        from_environment(wrong)
    assert str(caught.value).splitlines() == [
        "DNSFLEET_EDGE_IMAGE: not set; the chart's Deployment sets it",
        "DNSFLEET_CORE_PORT: '65536' is no port, give 1 to 65535",
        "DNSFLEET_ORPHAN_SECONDS: 'nan' is no number of seconds",
    ]
