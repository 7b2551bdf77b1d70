"""What OpenShift does to pods, in a cluster that is not OpenShift.

Its SecurityContextConstraints `restricted-v2` gives a pod that names no user one of the range of
the namespace, and refuses a pod that names another user. Two admission policies do the same here.
Its API group is that of a definition without objects.
"""

import json

from cluster.access import Access, CommandError, Object

from support.releases import NAMESPACE
from support.waiting import wait_for

USER = 1_000_680_000
"""The first of a range, as OpenShift numbers them. No /etc/passwd has it, so its group is root."""
POLICY_SECONDS = 30.0
"""The API server compiles a new policy a moment after it is written."""
_NAME = "openshift-like"
_OF_PODS = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}
_MATCH = {
    "resourceRules": [_OF_PODS],
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
}
_NAMES_NO_USER = "!has(object.spec.securityContext) || !has(object.spec.securityContext.runAsUser)"
_GIVEN = (
    "Object{spec: Object.spec{securityContext: Object.spec.securityContext{"
    f"runAsUser: {USER}, fsGroup: {USER}}}}}}}"
)
_ALLOWED = (
    f"object.spec.securityContext.runAsUser == {USER} && "
    "(object.spec.containers + object.spec.?initContainers.orValue([])).all(c, "
    f"c.?securityContext.?runAsUser.orValue({USER}) == {USER})"
)


def begin(cluster: Access) -> None:
    """From now on the namespace of the release is as one of OpenShift."""
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": level}
    namespace: Object = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    for each in (namespace, _definition(), *_policies()):
        cluster.apply(json.dumps(each))
    crd = ("crd", "securitycontextconstraints.security.openshift.io")
    cluster.wait("condition=Established", POLICY_SECONDS, *crd)
    wait_for("the policies are in force", lambda: _refuses_others(cluster), POLICY_SECONDS)


def end(cluster: Access) -> None:
    """Undo it, but for the namespace."""
    for each in (_definition(), *_policies()):
        cluster.kubectl("delete", each["kind"], each["metadata"]["name"], "--ignore-not-found")


def _refuses_others(cluster: Access) -> bool:
    """Whether a pod of another user is refused, and one without a user is not."""
    try:
        _try_pod(cluster, {})
        _try_pod(cluster, {"runAsUser": 65532})
    except CommandError as error:
        return "is not of the range" in str(error)
    return False


def _try_pod(cluster: Access, security: Object) -> None:
    container = {
        "name": "a",
        "image": "a",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    restricted = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "tried", "namespace": NAMESPACE},
        "spec": {"containers": [container], "securityContext": restricted | security},
    }
    cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))


def _definition() -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "SecurityContextConstraints", "plural": "securitycontextconstraints"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "securitycontextconstraints.security.openshift.io"},
        "spec": {
            "group": "security.openshift.io",
            "scope": "Cluster",
            "names": names,
            "versions": [version],
        },
    }


def _policies() -> list[Object]:
    giving = {
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "matchConstraints": _MATCH,
        "matchConditions": [{"name": "names-no-user", "expression": _NAMES_NO_USER}],
        "mutations": [
            {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": _GIVEN}}
        ],
    }
    refusing = {
        "failurePolicy": "Fail",
        "matchConstraints": _MATCH,
        "validations": [
            {"expression": _ALLOWED, "message": "a user is not of the range of the namespace"}
        ],
    }
    group = "admissionregistration.k8s.io"
    return [
        _policy(f"{group}/v1beta1", "MutatingAdmissionPolicy", giving),
        _policy(f"{group}/v1beta1", "MutatingAdmissionPolicyBinding", {"policyName": _NAME}),
        _policy(f"{group}/v1", "ValidatingAdmissionPolicy", refusing),
        _policy(
            f"{group}/v1",
            "ValidatingAdmissionPolicyBinding",
            {"policyName": _NAME, "validationActions": ["Deny"]},
        ),
    ]


def _policy(version: str, kind: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": _NAME}, "spec": spec}
