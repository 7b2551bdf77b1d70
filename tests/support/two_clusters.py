"""A fleet of two clusters: the core and a Pop in one, a Pop in the other, joined as people do it.

The Services of type LoadBalancer get their addresses here, as a cloud gives them: in the status,
and by a route.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cluster.access import Access, Object
from cluster.clusters import Cluster
from cluster.links import Link

from support import probe_fleets, releases
from support.kubectl_plugin import dnsfleet
from support.releases import NAMESPACE, READY_SECONDS
from support.waiting import wait_for

LOCAL, REMOTE = "ams", "gru"
CORE_ADDRESS, LOCAL_ADDRESS, REMOTE_ADDRESS = "198.18.0.1", "198.18.0.2", "198.18.0.3"
"""Of load balancers, from the range for tests (RFC 2544)."""
CORE_SERVICE = "dnsfleet-tunnel"
FOLLOW_SECONDS = 240.0
"""Until a Pop follows that joined. It takes seconds; but where the operator cannot tell the kubelet
that a Secret changed, that looks once in a minute or two, and the Pop follows too."""
BUSY_SECONDS = 10.0
"""What a machine that does much else may add to the five seconds that something may take."""


@dataclass
class TwoClusters:
    """The core and the Pop LOCAL in one cluster, the Pop REMOTE in the other."""

    core: Cluster
    place: Cluster
    counter: int = 0
    """Of the probe, as it was published last."""
    core_source: Path = releases.REPOSITORY
    place_source: Path = releases.REPOSITORY
    """The checkouts of which the two have the chart and the images."""

    def start(self) -> None:
        """Install, join, and publish the probe at 0; returns when both Pops answer."""
        core = self.core.access
        start_core(self.core, source=self.core_source)
        core.apply(json.dumps(pop(LOCAL, {})))
        self.apply_remote()
        probe_fleets.publish(core, 0)
        give_address(self.core, f"pop-{LOCAL}-dns", LOCAL_ADDRESS)
        self.join()

    @property
    def cache(self) -> Path:
        """The folder of the other cluster's node in which edges keep their zones."""
        return self.place.folder / "edge-cache"

    def apply_remote(self) -> None:
        """Apply the Pop of the other cluster."""
        edge = {"cacheHostPath": str(self.cache)}
        self.core.access.apply(json.dumps(pop(REMOTE, edge, cluster="agent")))

    def join(self) -> None:
        """Have the other cluster join, by the printed commands; returns when both Pops answer.

        The last one installs the chart, here with the folder that edges may have.
        """
        core = self.core.access
        commands = joining(core, REMOTE).rstrip("\n")
        commands = f"{commands} --set cacheHostPathPrefix={self.cache}\n"
        run(self.place.access, commands, self.place_source)
        give_address(self.place, f"pop-{REMOTE}-dns", REMOTE_ADDRESS)
        core.wait("condition=Ready", FOLLOW_SECONDS, "pops", "--all")  # the core's tunnel knows it
        core.wait("condition=Propagated", READY_SECONDS, "zones", "--all")
        for name, address in ((LOCAL, LOCAL_ADDRESS), (REMOTE, REMOTE_ADDRESS)):
            shown = f"jsonpath={{.status.addresses[0]}}={address}"
            core.wait(shown, READY_SECONDS, "pop", name)

    def rejoin(self) -> None:
        """Have the other cluster, which has a release, follow this core: by one command."""
        self.apply_remote()
        self.place.access.apply(joining(self.core.access, REMOTE, "-o", "yaml"))
        self.core.access.wait("condition=Ready", FOLLOW_SECONDS, "pop", REMOTE)
        self.core.access.wait("condition=Propagated", FOLLOW_SECONDS, "zones", "--all")

    @property
    def link(self) -> Link:
        """The way between the two."""
        return Link(self.core.node, self.place.node)

    def publish(self, counter: int) -> None:
        """Apply the zone with its probe at `counter`."""
        probe_fleets.publish(self.core.access, counter)
        self.counter = counter


def start_core(
    cluster: Cluster, address: str = CORE_ADDRESS, source: Path = releases.REPOSITORY
) -> None:
    """Install a release, of this checkout, whose core other clusters reach at this address."""
    exposed = ("--set", "core.expose.enabled=true")
    access = cluster.access
    chart = str(source / "helm" / "dnsfleet")
    access.helm("install", *releases.NAME, chart, "--create-namespace", *exposed)
    give_address(cluster, CORE_SERVICE, address)
    access.kubectl(
        *("rollout", "status", "-n", NAMESPACE, "deployment/dnsfleet-tunnel"),
        f"--timeout={READY_SECONDS:g}s",
    )
    access.wait("condition=Available", READY_SECONDS, "deployments", "--all", "-n", NAMESPACE)


def give_address(cluster: Cluster, service: str, address: str) -> None:
    """Have a Service of type LoadBalancer reached at this address, once it is there."""
    wait_for(
        f"Service {service}",
        lambda: cluster.access.items("services", "-n", NAMESPACE, *_named(service)),
        FOLLOW_SECONDS,
    )
    status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    cluster.access.kubectl(
        *("patch", "service", service, "-n", NAMESPACE, "--subresource=status"),
        *("--type=merge", "--patch", json.dumps(status)),
    )
    cluster.node.route(address)


def pop(name: str, edge: Object, **spec: object) -> Object:
    """A Pop of one edge that takes all that an oracle asks."""
    edge = {"replicas": 1, "shards": 2, "clientLimits": probe_fleets.UNLIMITED, **edge}
    return {
        "apiVersion": "dnsfleet.io/v1alpha1",
        "kind": "Pop",
        "metadata": {"name": name},
        "spec": {"edge": edge, **spec},
    }


def joining(core: Access, name: str, *options: str) -> str:
    """The commands that `kubectl dnsfleet pop join` prints."""
    ended = dnsfleet(core, "pop", "join", name, *options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def run(cluster: Access, commands: str, source: Path = releases.REPOSITORY) -> str:
    """What a shell prints that runs these commands in a checkout, against a cluster."""
    programs = [str(Path(path).parent) for path in (cluster.kubectl_path, cluster.helm_path)]
    ended = subprocess.run(
        ["bash", "-euc", commands],
        cwd=source,
        env={
            **os.environ,
            "PATH": ":".join([*programs, os.environ["PATH"]]),
            "KUBECONFIG": str(cluster.kubeconfig),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
    return ended.stdout


def _named(name: str) -> tuple[str, ...]:
    return (f"--field-selector=metadata.name={name}",)
