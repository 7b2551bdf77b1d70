"""What somebody can do who took over the cluster of a Pop: its credentials, and its replica."""

import base64
import time
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import redis
from cluster import images
from cluster.access import Access
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.record_store import RecordStore

from support import zones
from support.probe_fleets import ORIGIN, PROBE, is_ready
from support.releases import NAMESPACE
from support.waiting import wait_for

POD = "taken-over"
POD_SECONDS = 60.0
ANSWER_SECONDS = 10.0
_REFUSALS = "dnsfleet_edge_refusals_total"
FORGED = 999_999
"""A counter that was never published."""


class Stolen:
    """The Secret by which a Pop joined: its user on the core, and its certificate."""

    def __init__(self, place: Access, folder: Path) -> None:
        data = place.get("secret", "dnsfleet-join", "-n", NAMESPACE)["data"]
        entries = {name: base64.b64decode(text).decode() for name, text in data.items()}
        for name in ("ca.crt", "tls.crt", "tls.key"):
            (folder / name).write_text(entries[name])
        self._folder = folder
        self._entries = entries

    def client(self) -> redis.Redis:
        """A client of the core; it connects from where it is used first."""
        host, _, port = self._entries["core-address"].rpartition(":")
        return redis.Redis(
            host=host,
            port=int(port),
            username=self._entries["username"],
            password=self._entries["password"],
            ssl=True,
            ssl_ca_certs=str(self._folder / "ca.crt"),
            ssl_certfile=str(self._folder / "tls.crt"),
            ssl_keyfile=str(self._folder / "tls.key"),
            ssl_check_hostname=False,  # it names a Service of the core's cluster
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
        )


def take_over_replica(place: Access, pop: str) -> str:
    """Replace the replica of a Pop by a server of one's own; its address.

    It takes any password, and lets everybody do everything.
    """
    labels = f"dnsfleet.io/pop={pop},app.kubernetes.io/component=replica"
    users = [f"--user {name} on nopass ~* &* +@all" for name in ("edge", "ack", "operator")]
    place.kubectl(
        *("run", POD, "-n", NAMESPACE, f"--image={images.EDGE.name}", f"--labels={labels}"),
        *("--image-pull-policy=IfNotPresent", "--command", "--", "/usr/local/bin/valkey-server"),
        *("--protected-mode", "no", "--save", "", *" ".join(users).split()),
    )
    _scale(place, "dnsfleet-operator", 0)
    operators = ("pods", "-n", NAMESPACE, "-l", "app.kubernetes.io/component=operator")
    place.wait_until_gone(POD_SECONDS, *operators)  # else it brings the replica back
    _scale(place, f"pop-{pop}-replica", 0)
    selector = ("pods", "-n", NAMESPACE, "-l", labels)

    def alone() -> str:
        pods = place.items(*selector)
        return str(pods[0]["status"]["podIP"]) if [is_ready(pod) for pod in pods] == [True] else ""

    return wait_for("only that server is left", alone, POD_SECONDS)


def give_back_replica(place: Access) -> None:
    """Let the operator bring back the replica of its Pop."""
    place.kubectl("delete", "pod", POD, "-n", NAMESPACE, "--now")
    _scale(place, "dnsfleet-operator", 1)


def forge(address: str) -> None:
    """Publish the zone of the probe in a server as a fleet of one's own, with one's own key."""
    records = [(PROBE.removesuffix(f".{ORIGIN}."), "TXT", f'"{FORGED}"')]
    with closing(connect(f"redis://operator:any@{address}/0")) as server:
        store = RecordStore(CoreRedis(server), Ed25519PrivateKey.generate(), time.time)
        store.claim()
        store.publish(f"{ORIGIN}.", zones.make_zone(f"{ORIGIN}.", records))
        store.complete()


def refusals(address: str) -> float:
    """Revisions that the edge at this address could not verify."""
    with urlopen(f"http://{address}:8080/metrics", timeout=ANSWER_SECONDS) as page:
        text = page.read().decode()
    (line,) = [each for each in text.splitlines() if each.startswith(f"{_REFUSALS} ")]
    return float(line.split()[1])


def _scale(place: Access, deployment: str, replicas: int) -> None:
    place.kubectl("scale", "deployment", deployment, "-n", NAMESPACE, f"--replicas={replicas}")
