"""What all objects of a Pop share: names, labels, and the restrictions on their pods.

They have no owner reference. With one, Kubernetes would delete them together with the Pop object,
also where that is deleted only because its CRD is. The operator deletes them itself, when somebody
meant to delete the Pop (see `pops.passes`).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from dnsfleet.resources import Pop

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.objects import (
    COMPONENT_LABEL,
    CREATED_ANNOTATION,
    HOST_NETWORK,
    MANAGED_BY,
    POP_LABEL,
)

Fields = dict[str, Any]
"""A part of an object, as its JSON says it."""

USER_ID = 65532
"""The user of the images: nobody's, not root."""
DNS_PORT = 5353
"""UDP and TCP in the pod: no privilege is needed above 1024."""
HTTP_PORT = 8080
HOST_DNS_PORT = 53
HOST_HTTP_PORT = 15353
"""Of an edge on the network of its node: a port that no common service has, below those that Linux
gives to clients and Kubernetes to Services."""
RUN_FOLDER = "/run/dnsfleet"
STATE_FILE = f"{RUN_FOLDER}/state"
"""What an edge on the network of its node tells its probes (see dnsfleet_edge.state_file)."""
REDIS_PORT = 6379
CONFIG_FOLDER = "/etc/dnsfleet"
KEYS_FOLDER = "/etc/dnsfleet-keys"
COOKIES_FOLDER = "/etc/dnsfleet-cookies"
STATE_FOLDER = "/var/lib/dnsfleet"

POD_SECURITY: Fields = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
POD_USER: Fields = {"runAsUser": USER_ID, "runAsGroup": USER_ID, "fsGroup": USER_ID}
CONTAINER_SECURITY: Fields = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
"""Together the restricted Pod Security Standard, with a read-only root on top."""
HOST_POD_SECURITY: Fields = {
    "runAsUser": 0,
    "runAsGroup": 0,
    "seccompProfile": {"type": "RuntimeDefault"},
}
HOST_CONTAINER_SECURITY: Fields = {
    **CONTAINER_SECURITY,
    "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
}
"""Port 53 of a node needs NET_BIND_SERVICE, and Kubernetes gives no ambient capability to a process
that is not root. So it is root with that one alone, and may not even read the files of others."""

VERSION_DIGITS = 8
"""Hexadecimal digits that tell one password from another: few, so that they tell nothing else."""


def version_of(secret: str) -> str:
    """A word that differs where secrets do, and tells nothing of them."""
    return hashlib.sha256(secret.encode()).hexdigest()[:VERSION_DIGITS]


@dataclass(frozen=True)
class CoreUser:
    """As whom the replica of a Pop copies the core."""

    name: str
    secret: str
    entry: str
    """The Secret with the password of that user, and the entry of it."""
    version: str = ""
    """Another one for another password; empty where passwords never change."""


@dataclass(frozen=True)
class Setting:
    """One Pop in one installation."""

    pop: Pop
    configuration: Configuration
    public_keys: str
    """PEM, one after the other; edges read them again when they change."""
    drained: bool
    """Whether its edges are to be out of service."""
    joined: CoreUser | None = None
    """Who copies the core where that is in another cluster. The edges then say to their own replica
    what they answer, and the operator passes it on."""
    users_version: str = ""
    """Another one for other users of its replica: it reads them when it starts."""
    passwords_version: str = ""
    """Another one for other passwords of its edges; empty where they never change."""
    nodes: tuple[str, ...] = ()
    """The addresses of the nodes on whose network its edges run."""

    @property
    def on_nodes(self) -> bool:
        """Whether its edges are on the network of their nodes."""
        return self.pop.spec.edge.exposure == HOST_NETWORK

    @property
    def core_user(self) -> CoreUser:
        """Who copies the core."""
        return self.joined or CoreUser("replica", self.configuration.keys_secret, "replica")

    def name(self, component: str = "") -> str:
        """The name of an object: `pop-NAME` or `pop-NAME-COMPONENT`."""
        return "-".join(filter(None, ("pop", self.pop.metadata.name, component)))

    def selector(self, component: str) -> dict[str, str]:
        """Labels that only the pods of this component of this Pop have."""
        return {POP_LABEL: self.pop.metadata.name, COMPONENT_LABEL: component}

    def labels(self, component: str) -> dict[str, str]:
        """All labels of an object.

        There is no app.kubernetes.io/instance: by that label Argo CD takes an object for one of an
        application, and deletes it because it is not in Git.
        """
        return {
            "app.kubernetes.io/name": "dnsfleet",
            "app.kubernetes.io/managed-by": MANAGED_BY,
            **self.selector(component),
        }

    def object(
        self, api_version: str, kind: str, name: str, component: str, **content: Any
    ) -> Object:
        """An object of this Pop."""
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": self.configuration.namespace,
                "labels": self.labels(component),
                "annotations": {CREATED_ANNOTATION: self.pop.metadata.creation_timestamp},
            },
            **content,
        }
