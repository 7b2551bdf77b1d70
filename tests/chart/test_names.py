"""Names of people in the rendered chart: what looks like a number or a truth stays a text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster.access import Access, CommandError
from support.charts import EVERYTHING, Values, rendered
from support.releases import CHART

NUMBERS: Values = EVERYTHING | {
    "imagePullSecrets": [{"name": "7"}],
    "podLabels": {"cost": "7"},
    "podAnnotations": {"scan": "true"},
    "priorityClassName": "7",
    "watchNamespaces": ["2024", "on"],
    "operator": {"serviceAccount": {"name": "7"}, "nodeSelector": {"dns": "yes"}},
    "core": {
        "persistence": {"storageClass": "7"},
        "expose": {"enabled": True, "secretName": "7"},
    },
    "keys": {"existingSecret": "7"},
    "statusPage": {"enabled": True, "serviceAccount": {"name": "7"}},
    "gate": {
        "enabled": True,
        "service": {"type": "LoadBalancer", "loadBalancerClass": "7"},
        "updates": {"enabled": True, "serviceAccount": {"name": "7"}},
    },
    "externalDNS": {
        "bindings": [{"serviceAccount": "7", "namespace": "7", "zoneNamespaces": ["7", "null"]}]
    },
}
TEXTS = frozenset(
    [
        "image",
        "loadBalancerClass",
        "name",
        "namespace",
        "priorityClassName",
        "secretName",
        "serviceAccountName",
        "storageClassName",
        "value",
    ]
)
"""Fields of the API that are texts wherever they stand."""
MAPS = frozenset(["annotations", "labels", "matchLabels", "nodeSelector"])
"""Those whose values all are."""


def no_texts(part: Any, place: str = "") -> Iterator[str]:
    """Where something else stands than a text."""
    if isinstance(part, list):
        for each in part:
            yield from no_texts(each, f"{place}[]")
    elif isinstance(part, dict):
        for key, each in part.items():
            below = f"{place}.{key}"
            wrong = key in TEXTS and not isinstance(each, str | dict)
            if wrong or (place.rpartition(".")[2] in MAPS and not isinstance(each, str)):
                yield f"{below}: {each!r}"
            yield from no_texts(each, below)


@pytest.mark.parametrize("namespace", ["2024", "null", "1e3"])
def test_names_that_look_like_something_else_are_texts(
    helm: Access, tmp_path: Path, namespace: str
) -> None:
    objects = rendered(helm, NUMBERS, tmp_path, "--namespace", namespace)
    kinds = [each for each in objects if each["kind"] != "CustomResourceDefinition"]
    found = [f"{each['kind']}{place}" for each in kinds for place in no_texts(each)]
    assert found == []
    homes = {each["metadata"].get("namespace") for each in kinds}
    assert {namespace, "7", "null", "on"} <= homes


def test_a_release_whose_services_could_not_be_named_is_refused(helm: Access) -> None:
    for name in ("dnsfleet", "a" * 47, "null"):
        helm.helm("template", name, str(CHART))
    for name in ("a" * 48, "7", "a.b"):
        with pytest.raises(CommandError, match="the name of the release"):
            helm.helm("template", name, str(CHART))
