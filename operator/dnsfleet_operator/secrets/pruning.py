"""Secrets of the operator that tools for GitOps must not delete.

Such a tool deletes what carries its mark and is not in Git. Argo CD takes an object for one of an
application by the label app.kubernetes.io/instance, and people give applications and releases the
same name. So no object that the operator makes has that label. The Secrets say on top that they are
not to be pruned: without the signing key nothing can be published.
"""

from collections.abc import Mapping
from typing import Any

from dnsfleet_operator.objects import Object

INSTANCE_LABEL = "app.kubernetes.io/instance"
KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
"""What Argo CD and Flux want to read on an object that they leave alone."""


def new(
    name: str, namespace: str, component: str, labels: Mapping[str, str] = {}
) -> dict[str, Any]:
    """A Secret without data that is to be created; `labels` has more of them."""
    own = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": component}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": {**own, **labels}},
        "type": "Opaque",
    }


def is_kept(secret: Object) -> bool:
    """Whether a Secret is marked as it is to be."""
    return secret == kept(secret)


def kept(secret: Object) -> dict[str, Any]:
    """The Secret, marked so that nobody prunes it."""
    metadata = secret["metadata"]
    labels: Mapping[str, str] = metadata.get("labels") or {}
    marked = {
        **metadata,
        "labels": {key: value for key, value in labels.items() if key != INSTANCE_LABEL},
        "annotations": {**(metadata.get("annotations") or {}), **KEEP},
    }
    return {**secret, "metadata": marked}
