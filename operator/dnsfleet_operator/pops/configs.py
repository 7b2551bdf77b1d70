"""The ConfigMap of a Pop: what its replica and its edges are told. It holds no password."""

import hashlib
import json

from dnsfleet_publisher import redis_settings

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops import caches
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    COOKIES_FOLDER,
    DNS_PORT,
    HOST_DNS_PORT,
    HOST_HTTP_PORT,
    HTTP_PORT,
    REDIS_PORT,
    STATE_FILE,
    STATE_FOLDER,
    Setting,
)
from dnsfleet_operator.secrets import cookie_secrets
from dnsfleet_operator.secrets.key_keeping import PUBLIC_KEY_FILE

UNREADY_SECONDS = 5
"""How long an edge answers after it stopped to be ready. Nobody is sent to it after three failed
probes, one a second, and another second until every node knows. On a node that is busy, because
pods start there, all of this takes twice as long: then queries still come, and it answers on."""
EDGE_FILE = "edge.json"
NODE_EDGE_FILE = "edge-on-node.json"
"""The same for edges on the network of their node. While a Pop goes from one exposure to the other
it has edges of both kinds, and each may start anew."""
REPLICA_FILE = "replica.conf"
HASH_DIGITS = 16
ACKS_DATABASE = 1
"""The database of a replica that takes what edges say where the core is in another cluster. The
core has only database 0, so nothing that is replicated meets it. A replica that copies the core
anew forgets it; edges say it again within seconds."""
EVERYONE = ("0.0.0.0/0", "::/0")
"""Exempts all clients from limits: where they all seem to have one address, none can be limited
by itself."""


def config_map(setting: Setting) -> Object:
    """The one ConfigMap of the Pop."""
    return setting.object("v1", "ConfigMap", setting.name(), "config", data=files(setting))


def files(setting: Setting) -> dict[str, str]:
    """File name to text."""
    return {
        EDGE_FILE: _text(_edge(setting) | _BEHIND_SERVICE),
        NODE_EDGE_FILE: _text(_edge(setting) | _on_node(setting)),
        REPLICA_FILE: _replica(setting),
        PUBLIC_KEY_FILE: setting.public_keys,
    }


def digest(setting: Setting, *names: str) -> str:
    """Names the content of files, so that pods that read them roll when it changes."""
    texts = files(setting)
    whole = "\0".join(texts[name] for name in names)
    return hashlib.sha256(whole.encode()).hexdigest()[:HASH_DIGITS]


def _edge(setting: Setting) -> dict[str, object]:
    """See dnsfleet_edge.config; name and passwords come from the environment of each pod."""
    core = setting.configuration
    acks = f"{core.core_host}:{core.core_port}/0"
    if setting.joined is not None:
        acks = f"{setting.name('replica')}:{REDIS_PORT}/{ACKS_DATABASE}"
    settings = setting.pop.spec.edge.settings()
    if _hides_clients(setting):
        settings["exempt"] = EVERYONE
    return {
        "pop": setting.pop.metadata.name,
        "replica_url": f"redis://edge@{setting.name('replica')}:{REDIS_PORT}/0",
        "core_url": f"redis://ack@{acks}",
        "public_key": f"{CONFIG_FOLDER}/{PUBLIC_KEY_FILE}",
        "state_dir": _state_folder(setting, on_nodes=False),
        "shards": setting.pop.spec.edge.shards,
        **settings,
        "cookie_secrets": f"{COOKIES_FOLDER}/{cookie_secrets.ENTRY}",
        "drain_seconds": setting.pop.spec.edge.drain_seconds,
        "unready_seconds": UNREADY_SECONDS,
    }


_BEHIND_SERVICE = {"listen": [["*", DNS_PORT]], "http": ["*", HTTP_PORT]}


def _on_node(setting: Setting) -> dict[str, object]:
    """What is said otherwise to an edge on the network of its node.

    It sees the addresses of clients. It is another user, so it keeps zones in a folder of its own.
    """
    edge = setting.pop.spec.edge
    return {
        "listen": [["node", HOST_DNS_PORT]],
        "http": ["node", HOST_HTTP_PORT],
        "host_prefixes": edge.host_prefixes,
        "exempt": edge.client_limits.exempt,
        "state_file": STATE_FILE,
        "state_dir": _state_folder(setting, on_nodes=True),
    }


def _state_folder(setting: Setting, *, on_nodes: bool) -> str:
    return f"{STATE_FOLDER}/{caches.folder(setting.pop.metadata.name, on_nodes=on_nodes)}"


def edge_file(setting: Setting) -> str:
    """The file that the edges read which the Pop asks for."""
    return NODE_EDGE_FILE if setting.on_nodes else EDGE_FILE


def _text(settings: dict[str, object]) -> str:
    return json.dumps(settings, indent=1, sort_keys=True)


def _hides_clients(setting: Setting) -> bool:
    """Whether edges see the addresses of nodes in the place of those of clients."""
    service = setting.pop.spec.service
    rewritten = service.type != "ClusterIP" and service.external_traffic_policy == "Cluster"
    return rewritten and not setting.pop.spec.edge.proxy_protocol_from


def _replica(setting: Setting) -> str:
    """Keeps nothing on disk: it copies the core again."""
    core = setting.configuration
    local = "replica-read-only no\n" if setting.joined is not None else ""
    return f"""\
bind * -::*
port {REDIS_PORT}
protected-mode no
daemonize no
dir /data
save ""
appendonly no
aclfile /etc/dnsfleet-keys/replica.acl
replicaof {core.core_host} {core.core_port}
primaryuser {setting.core_user.name}
{local}{redis_settings.REPLICA}"""
