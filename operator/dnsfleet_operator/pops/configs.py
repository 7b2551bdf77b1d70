"""The ConfigMap of a Pop: what its replica and its edges are told. It holds no password."""

import hashlib
import json

from dnsfleet_publisher import redis_settings

from dnsfleet_operator.cluster import Object
from dnsfleet_operator.pops.setting import (
    CONFIG_FOLDER,
    COOKIES_FOLDER,
    DNS_PORT,
    HTTP_PORT,
    REDIS_PORT,
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
        EDGE_FILE: json.dumps(_edge(setting), indent=1, sort_keys=True),
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
        "listen": [["*", DNS_PORT]],
        "http": ["*", HTTP_PORT],
        "replica_url": f"redis://edge@{setting.name('replica')}:{REDIS_PORT}/0",
        "core_url": f"redis://ack@{acks}",
        "public_key": f"{CONFIG_FOLDER}/{PUBLIC_KEY_FILE}",
        "state_dir": f"{STATE_FOLDER}/{setting.pop.metadata.name}",
        "shards": setting.pop.spec.edge.shards,
        **settings,
        "cookie_secrets": f"{COOKIES_FOLDER}/{cookie_secrets.ENTRY}",
        "drain_seconds": setting.pop.spec.edge.drain_seconds,
        "unready_seconds": UNREADY_SECONDS,
    }


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
