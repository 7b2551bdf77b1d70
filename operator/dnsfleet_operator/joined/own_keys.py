"""The Secret with what a joined Pop has of its own, RELEASE-keys.

edge ack operator    the password of each user of the Pop's own replica
probe                the same, of the user of its prober
replica.acl          these users
publisher.pub        the public keys by which the Pop verifies now, one or two
revision             the highest of the specs that it took: none before that counts any more
journal              which commands it took, and what became of them (`journals`)
joined.pub           the public keys of the join Secret that was taken last
joined.pop           the name of the Pop
joined.anew          that a join Secret with other keys came, and no spec by these was taken yet

The core rotates its key by telling the Pop the new one, signed with the old one (`pop_specs`). So
after a rotation `publisher.pub` is another one than the join Secret has. Only a key in another join
Secret by which the Pop does not verify makes it begin anew with that: the core was lost, and was
built again. A join Secret of another Pop keeps the keys, which are of the same core, and begins
anew with the revision and the journal.

A Secret that is gone or damaged while the operator runs is written again as it was. One that was
lost while none ran is made anew: with other passwords, for which the pods are replaced, and with
the keys of the join Secret. These may have been retired since; `specs` notices that.
"""

import base64
import logging
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from dnsfleet.replication import public_keys
from dnsfleet.replication.public_keys import PublicKeys
from dnsfleet.replication.revisions import Revision
from dnsfleet_publisher import redis_users
from dnsfleet_publisher.key_secrets import LABELS, PASSWORD_OCTETS, PUBLIC_KEYS, REPLICA_ACL

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.joined import joining
from dnsfleet_operator.joined.joining import Join, JoinError
from dnsfleet_operator.pops.setting import version_of
from dnsfleet_operator.secrets import pruning

JOINED_KEYS, JOINED_POP, REVISION = "joined.pub", "joined.pop", "revision"
JOURNAL, ANEW = "journal", "joined.anew"

MEND = "delete that Secret: it is made again"

_log = logging.getLogger(__name__)


class OwnKeys(NamedTuple):
    """What is in the Secret."""

    entries: Mapping[str, str]
    """All of it."""
    operator_password: str
    trusted: PublicKeys
    """By which the Pop verifies."""
    revision: Revision | None
    """The highest of the specs that were taken under this Secret."""

    @property
    def users_version(self) -> str:
        """Another one for other users of the Pop's own replica, or other passwords or rights."""
        return version_of(self.entries[REPLICA_ACL])

    @property
    def passwords_version(self) -> str:
        """Another one for other passwords of its edges."""
        return version_of("".join(self.entries[user] for user in redis_users.EDGE_USERS))

    @property
    def anew(self) -> bool:
        """Whether the Pop is to follow a core with other keys, of which it took no spec yet."""
        return ANEW in self.entries

    @property
    def public_pem(self) -> str:
        """`trusted` as the file that edges read."""
        return public_keys.to_pem(self.trusted)


def keep(
    cluster: Cluster, configuration: Configuration, join: Join, before: OwnKeys | None
) -> OwnKeys:
    """What the Pop's own Secret has, made where it is not there; it may raise ClusterError.

    What is missing there, or damaged, is written as it was `before`.
    """
    found = cluster.get("Secret", configuration.keys_secret, configuration.namespace)
    known = _known(found, before)
    wanted = entries(known if before is None else {**before.entries, **known}, join)
    return _written(cluster, configuration, found, wanted)


def advance(
    cluster: Cluster, configuration: Configuration, keys: OwnKeys, revision: Revision, pem: str
) -> OwnKeys:
    """Verify by these keys from now on, and take no spec before this one; see `keep`."""
    found = cluster.get("Secret", configuration.keys_secret, configuration.namespace)
    wanted = {**keys.entries, **_known(found, keys), PUBLIC_KEYS: pem, REVISION: str(revision)}
    wanted.pop(ANEW, None)
    return _written(cluster, configuration, found, wanted)


def entries(known: Mapping[str, str], join: Join) -> dict[str, str]:
    """What the Pop's own Secret is to have, where it has this. Passwords that are there stay."""
    passwords = {
        user: known.get(user) or secrets.token_hex(PASSWORD_OCTETS)
        for user in redis_users.JOINED_USERS
    }
    made = {
        **known,
        **passwords,
        REPLICA_ACL: redis_users.acl(passwords),
        JOINED_KEYS: join.public_key,
        JOINED_POP: join.pop,
    }
    if known.get(JOINED_POP, join.pop) != join.pop:  # earlier versions did not say it
        made.pop(REVISION, None)
        made.pop(JOURNAL, None)
    if known.get(JOINED_KEYS) != join.public_key and not _are_trusted(known, join):  # begin anew
        made[PUBLIC_KEYS] = join.public_key
        made.pop(REVISION, None)
        made.pop(JOURNAL, None)
        if JOINED_KEYS in known:
            made[ANEW] = "true"
    made.setdefault(PUBLIC_KEYS, join.public_key)
    return made


def _are_trusted(known: Mapping[str, str], join: Join) -> bool:
    """Whether the Pop verifies by all keys of the join Secret already: it is of the same core."""
    if PUBLIC_KEYS not in known:
        return False
    wanted, trusted = (
        set(map(public_keys.identify, public_keys.parse(each.encode())))
        for each in (join.public_key, known[PUBLIC_KEYS])
    )
    return wanted <= trusted


def _known(found: Object | None, before: OwnKeys | None) -> dict[str, str]:
    """What a Secret of ours has; what cannot be used is nothing, where we know what it was."""
    if found is None:
        return {}
    try:
        known = joining.texts(found, MEND)
        _check(found, known)
    except JoinError as error:
        if before is None:
            raise
        _log.warning("%s", error)
        return {}
    return known


def _check(found: Object, known: Mapping[str, str]) -> None:
    """JoinError for keys or a revision that are none."""
    try:
        if PUBLIC_KEYS in known:
            public_keys.parse(known[PUBLIC_KEYS].encode())
        if REVISION in known:
            Revision.parse(known[REVISION])
    except ValueError as error:
        raise JoinError(f"{joining.name_of(found)}: {error}; {MEND}") from None


def _keys(known: Mapping[str, str]) -> OwnKeys:
    revision = Revision.parse(known[REVISION]) if REVISION in known else None
    trusted = public_keys.parse(known[PUBLIC_KEYS].encode())
    return OwnKeys(known, known["operator"], trusted, revision)


def _written(
    cluster: Cluster, configuration: Configuration, found: Object | None, texts: Mapping[str, str]
) -> OwnKeys:
    """The Secret with these entries, written where it has others."""
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    name = configuration.keys_secret
    if found is None:
        metadata = {"name": name, "namespace": configuration.namespace, "labels": LABELS}
        made: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
        cluster.create(pruning.kept({**made, "type": "Opaque", "data": data}))
        _log.warning("Secret %s was not there, and is written", name)
    elif found.get("data") != data:
        cluster.replace({**found, "data": data})
    return _keys(texts)
