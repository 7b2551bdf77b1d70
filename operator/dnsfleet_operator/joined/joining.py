"""The Secrets of a cluster that joined a fleet.

The join Secret says where the core is and who we are there; `kubectl dnsfleet pop join` makes it,
and the operator only reads it. The way to the core is the configuration's: a tunnel may lead there.
The address in the Secret is what people are told. What the Pop needs beside that is made here, in
RELEASE-keys:

edge ack operator    the password of each user of the Pop's own replica
replica.acl          these users
publisher.pub        the public keys by which the Pop verifies now, one or two
joined.pub           those of the join Secret with which it began

The core rotates its key by telling the Pop the new one, signed with the old one (`pop_specs`). So
after a rotation `publisher.pub` is another one than the join Secret has. Only another key in the
join Secret makes the Pop begin anew with that: the core was lost, and was built again.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.replication import public_keys
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet_publisher import redis_users
from dnsfleet_publisher.key_secrets import LABELS, PASSWORD_OCTETS, PUBLIC_KEYS, REPLICA_ACL

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.pops.setting import CoreUser
from dnsfleet_operator.secrets import pruning

ADDRESS, USER, PASSWORD = "core-address", "username", "password"
PUBLIC_KEY, POP = "public-key", "pop"
JOINED_KEYS = "joined.pub"
JOIN_SECRET = "dnsfleet-join"  # noqa: S105 - a name
VERSION_DIGITS = 8
"""Hexadecimal digits that tell one password from another: few, so that they tell nothing else."""
_NEEDED = (ADDRESS, USER, PASSWORD, PUBLIC_KEY, POP)


class JoinError(ValueError):
    """A Secret cannot be used; the text names it and what to do."""


class Join(NamedTuple):
    """What a join Secret says."""

    pop: str
    address: str
    """Of the core, for people."""
    user: str
    password: str
    public_key: str
    """PEM."""
    secret: str
    """The name of the Secret."""

    @property
    def core_user(self) -> CoreUser:
        """Who copies the core."""
        version = hashlib.sha256(self.password.encode()).hexdigest()[:VERSION_DIGITS]
        return CoreUser(self.user, self.secret, PASSWORD, f"-{version}")


class LocalKeys(NamedTuple):
    """What the Pop has of its own."""

    operator_password: str
    trusted: PublicKeys
    """By which the Pop verifies."""

    @property
    def public_pem(self) -> str:
        """`trusted` as the file that edges read."""
        return public_keys.to_pem(self.trusted)


def find(cluster: Cluster, configuration: Configuration) -> Join:
    """What the join Secret says; JoinError where it is not there or unusable."""
    name, namespace = JOIN_SECRET, configuration.namespace
    found = cluster.get("Secret", name, namespace)
    if found is None:
        raise JoinError(
            f"Secret {namespace}/{name} is not there; apply what `kubectl dnsfleet pop join NAME` "
            "prints where the core is"
        )
    return read(found)


def read(found: Object) -> Join:
    """What a join Secret says; JoinError names each entry that is missing or unusable."""
    entries, name = _entries(found), _name(found)
    missing = [entry for entry in _NEEDED if not entries.get(entry)]
    if missing:
        raise JoinError(f"{name} lacks {', '.join(missing)}; {_AGAIN}")
    try:
        trusted = public_keys.parse(entries[PUBLIC_KEY].encode())
    except ValueError as error:
        raise JoinError(f"{name}: {PUBLIC_KEY}: {error}; {_AGAIN}") from None
    return Join(
        entries[POP],
        entries[ADDRESS],
        entries[USER],
        entries[PASSWORD],
        public_keys.to_pem(trusted),
        found["metadata"]["name"],
    )


def keep(cluster: Cluster, configuration: Configuration, join: Join) -> LocalKeys:
    """What the Pop's own Secret has, made where it is not there; it may raise ClusterError."""
    name, namespace = configuration.keys_secret, configuration.namespace
    found = cluster.get("Secret", name, namespace)
    known = {} if found is None else _entries(found)
    wanted = entries(known, join)
    if wanted != known:
        _write(cluster, configuration, found, wanted)
    return _keys(wanted)


def trust(cluster: Cluster, configuration: Configuration, pem: str) -> LocalKeys:
    """Verify by these keys from now on; it may raise ClusterError."""
    found = cluster.get("Secret", configuration.keys_secret, configuration.namespace)
    if found is None:
        raise JoinError(f"Secret {configuration.keys_secret} is gone; it is made again in a moment")
    wanted = {**_entries(found), PUBLIC_KEYS: pem}
    _write(cluster, configuration, found, wanted)
    return _keys(wanted)


def entries(known: Mapping[str, str], join: Join) -> dict[str, str]:
    """What the Pop's own Secret is to have, where it has this. Passwords that are there stay."""
    passwords = {
        user: known.get(user) or secrets.token_hex(PASSWORD_OCTETS)
        for user in redis_users.JOINED_USERS
    }
    trusted = known.get(PUBLIC_KEYS) if known.get(JOINED_KEYS) == join.public_key else None
    return {
        **known,
        **passwords,
        REPLICA_ACL: redis_users.acl(passwords),
        PUBLIC_KEYS: trusted or join.public_key,
        JOINED_KEYS: join.public_key,
    }


_AGAIN = "make it anew: kubectl dnsfleet pop join NAME, where the core is"


def _keys(found: Mapping[str, str]) -> LocalKeys:
    return LocalKeys(found["operator"], public_keys.parse(found[PUBLIC_KEYS].encode()))


def _write(
    cluster: Cluster, configuration: Configuration, found: Object | None, texts: Mapping[str, str]
) -> None:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    if found is not None:
        cluster.replace({**found, "data": data})
        return
    metadata = {
        "name": configuration.keys_secret,
        "namespace": configuration.namespace,
        "labels": LABELS,
    }
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    cluster.create(pruning.kept({**made, "type": "Opaque", "data": data}))


def _entries(found: Object) -> dict[str, str]:
    texts = {}
    for entry, value in (found.get("data") or {}).items():
        try:
            texts[entry] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError, TypeError):
            raise JoinError(f"{_name(found)}: {entry} is no text; {_AGAIN}") from None
    return texts


def _name(found: Object) -> str:
    return f"Secret {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
