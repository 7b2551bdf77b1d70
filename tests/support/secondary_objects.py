"""The objects by which an operator knows of a zone, its secondaries, and a gate to read."""

from typing import Any

from dnsfleet.tsig_keys import Target

Object = dict[str, Any]

PORT = 53
"""Of a secondary that a TsigKey names without one."""


def zone(namespace: str) -> Object:
    """The Zone of a.example with one host."""
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Zone",
        "metadata": {"name": "a", "namespace": namespace},
        "spec": {
            "origin": "a.example",
            "nameServers": ["ns1.example.net"],
            "records": [{"name": "www", "type": "A", "data": ["192.0.2.1"]}],
        },
    }


def key(namespace: str, zones: str, *secondaries: Target) -> Object:
    """A TsigKey for transfers of these zones, which names their secondaries."""
    named = [
        {"address": each.address} | ({} if each.port == PORT else {"port": each.port})
        for each in secondaries
    ]
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "TsigKey",
        "metadata": {"name": "k", "namespace": namespace},
        "spec": {
            "secretRef": {"name": "k"},
            "zones": [zones],
            "for": ["transfer"],
            "secondaries": named,
        },
    }


def secret(namespace: str) -> Object:
    """The Secret of that key."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "k", "namespace": namespace},
        "stringData": {"secret": "b2N0ZXRzIG9mIGEgc2VjcmV0Li4u"},
    }


def gate_pod(name: str, namespace: str, port: int) -> Object:
    """The pod of a gate whose page is at a port, without a status."""
    ports = [{"name": "http", "containerPort": port}]
    labels = {"app.kubernetes.io/instance": "dnsfleet", "app.kubernetes.io/component": "gate"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [{"name": "gate", "image": "gate", "ports": ports}]},
    }
