"""The Redis servers of a fleet in a cluster: its core, and the replica of each Pop."""

import base64

import redis
from cluster.access import Access, Object

from support.releases import NAMESPACE

SECRET = ("secret", "dnsfleet-keys", "--namespace", NAMESPACE)
ANSWER_SECONDS = 2.0


def password(cluster: Access, user: str) -> str:
    """That of a user: publisher, replica, ack or edge."""
    return base64.b64decode(cluster.get(*SECRET)["data"][user]).decode()


def client(pod: Object, user: str, password: str) -> redis.Redis:
    """A client of the server in a pod; it connects from where it is used first."""
    return redis.Redis(
        host=pod["status"]["podIP"],
        username=user,
        password=password,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
    )
