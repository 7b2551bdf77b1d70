"""The Secret by which a cluster joins a fleet: where the core is, and who we are there.

`kubectl dnsfleet pop join` makes it, and the operator only reads it. The way to the core is the
configuration's: a tunnel may lead there. The address in the Secret is what people are told.
"""

import base64
import binascii
from typing import NamedTuple

from dnsfleet.replication import public_keys

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.pops.setting import CoreUser, version_of

ADDRESS, USER, PASSWORD = "core-address", "username", "password"
PUBLIC_KEY, POP = "public-key", "pop"
JOIN_SECRET = "dnsfleet-join"  # noqa: S105 - a name
_NEEDED = (ADDRESS, USER, PASSWORD, PUBLIC_KEY, POP)

_AGAIN = "make it anew: kubectl dnsfleet pop join NAME, where the core is"


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
        return CoreUser(self.user, self.secret, PASSWORD, f"-{version_of(self.password)}")


def find(cluster: Cluster, configuration: Configuration) -> Object:
    """The join Secret; JoinError where it is not there."""
    name, namespace = JOIN_SECRET, configuration.namespace
    found = cluster.get("Secret", name, namespace)
    if found is None:
        raise JoinError(
            f"Secret {namespace}/{name} is not there; apply what `kubectl dnsfleet pop join NAME` "
            "prints where the core is"
        )
    return found


def read(found: Object) -> Join:
    """What a join Secret says; JoinError names each entry that is missing or unusable."""
    entries, name = texts(found, _AGAIN), name_of(found)
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


def texts(found: Object, advice: str) -> dict[str, str]:
    """The entries of a Secret; JoinError, with this advice, for one that is no text."""
    read = {}
    for entry, value in (found.get("data") or {}).items():
        try:
            read[entry] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError, TypeError):
            raise JoinError(f"{name_of(found)}: {entry} is no text; {advice}") from None
    return read


def name_of(found: Object) -> str:
    """A Secret, as messages name it."""
    return f"Secret {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
