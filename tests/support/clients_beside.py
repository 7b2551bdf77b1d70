"""What programs beside a cluster, in the network of its client, need to know of it."""

from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import yaml
from cluster import settings
from cluster.access import Access
from cluster.namespaces import Node

ANSWER_SECONDS = 5.0


def kubeconfig(cluster: Access, node: Node, path: Path, token: str = "") -> Path:
    """Write a file for the API server by its address for those beside it; its path.

    By default it is for the administrator; with a token for who has that.
    """
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    address = f"https://{node.network.api}:{settings.API_PORT}"
    config["clusters"][0]["cluster"]["server"] = address
    if token:
        config["users"][0]["user"] = {"token": token}
    path.write_text(yaml.safe_dump(config))
    return path


def gate_has_key(node: Node, gate: str, key: dns.tsig.Key, origin: str) -> bool:
    """Whether a gate believes what the key signs, and has the zone."""
    query = dns.message.make_query(origin, "SOA")
    query.use_tsig(key)
    with node.on_client():
        try:
            return dns.query.udp(query, gate, ANSWER_SECONDS).rcode() == dns.rcode.NOERROR
        except (dns.tsig.PeerBadKey, dns.exception.Timeout):
            return False
