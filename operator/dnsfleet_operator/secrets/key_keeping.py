"""Keeping the fleet's keys: what the operator holds, beside what its Secret says.

Edges take only what their public keys verify, so a new key that nobody told them of would make
every edge refuse everything. These rules keep that from happening by accident:

* Keys are made only where no edge was ever told a public key: no ConfigMap of a Pop has one.
* A Secret that is gone is written again, from the keys that are held.
* A Secret that says something else than what is held changes nothing until the next term: somebody
  edited it, and has to put it right. A term begins with what the Secret says.
* Where a term begins without the Secret, the keys that are held count only if edges verify by them:
  a replica that waited while another one rotated them holds former ones.

A rotation (see `rotations`) is written into the Secret step by step, and what is written counts:
whoever reads it goes on from there.

The Secret also has the users of the Redis servers. After an upgrade they may have other rights, so
the leader writes them anew, with the same passwords; not into a Secret that somebody else made.
Then it has the core take them (see `core_restarts`).
"""

import logging
import time
from typing import NamedTuple

from dnsfleet.replication import public_keys
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.key_secrets import (
    CORE_ACL,
    RESTORE,
    ROTATE_ANNOTATION,
    Keys,
    KeySecretError,
)

from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.objects import MANAGED_SELECTOR
from dnsfleet_operator.secrets import core_restarts, pruning, rotations
from dnsfleet_operator.secrets.core_restarts import CoreUsers
from dnsfleet_operator.secrets.rotations import Progress

PUBLIC_KEY_FILE = "publisher.pub"
"""The entry of a Pop's ConfigMap with the public keys by which its edges verify."""
TOLD_SECONDS = 3600.0
"""How long it is told that the Secret was lost and written again: long enough to be noticed."""
MOST_NAMED = 3
"""ConfigMaps that a message names."""

_log = logging.getLogger(__name__)


class Report(NamedTuple):
    """How it stands with the keys."""

    good: bool | None
    """None is not known yet."""
    reason: str
    """CamelCase."""
    message: str = ""


UNKNOWN = Report(None, "NotLookedAt", "the Secret with the keys has not been read yet")
STORED = Report(True, "Stored")
ROTATING = "Rotating"
WRITTEN_AGAIN = "SecretWrittenAgain"
"""It was gone, and is as it was."""


def first(cluster: Cluster, configuration: Configuration) -> tuple[Keys | None, str]:
    """The keys of the Secret, or fresh ones in a new Secret; None and why where neither may be.

    KeySecretError where the Secret is unusable. ClusterError where the API server does not answer,
    and where another replica made the Secret at the same moment.
    """
    name, namespace = configuration.keys_secret, configuration.namespace
    found = cluster.get("Secret", name, namespace)
    if found is not None:
        return key_secrets.read(found), ""
    trusting = _trusting(cluster, configuration)
    if trusting:
        return None, _refusal(configuration, trusting)
    keys = key_secrets.make()
    cluster.create(_secret(keys, configuration))
    _log.info("made Secret %s/%s", namespace, name)
    return keys, ""


class KeyKeeper:
    """Holds the keys, and keeps the Secret as it is to be. One thread uses it."""

    def __init__(
        self, cluster: Cluster, configuration: Configuration, keys: Keys, metrics: Metrics
    ) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._metrics = metrics
        self._where = f"Secret {configuration.namespace}/{configuration.keys_secret}"
        self._core = CoreUsers(cluster, configuration)
        self._missing = False
        self._lost_at: float | None = None
        self._sent = keys
        self._notices: list[tuple[str, str, str]] = []
        self.keys = keys
        """What this operator signs and logs in with."""
        self.known = False
        """Whether they are those of the fleet: nothing is signed in a term before that is true."""
        self.report = UNKNOWN

    def begin_term(self) -> None:
        """Believe nothing that was known of the Secret, and read it if that can be done now.

        The password for the core is taken here only: a term has one connection.
        """
        self.known, self.report = False, UNKNOWN
        self._core.begin()
        try:
            self.look(None)
        except ClusterError as error:
            _log.warning("%s", error)  # the first look of the term tries again

    def end_term(self) -> None:
        """Say nothing any more."""
        self._metrics.keys_lost.set(0)

    def look(self, progress: Progress | None) -> None:
        """Compare the Secret with what is held, and take the step of a rotation that is due.

        `progress` is None where it is not known yet. ClusterError where the Secret could not be
        read or written.
        """
        found = self._cluster.get(
            "Secret", self._configuration.keys_secret, self._configuration.namespace
        )
        if found is None:
            self._write_again()
            return
        self._missing = False
        try:
            stored = key_secrets.read(found)
        except KeySecretError as error:
            self._say(Report(False, "SecretUnusable", str(error)))
            return
        keys = key_secrets.with_users_of_today(stored, self.keys) if self._is_ours() else stored
        ours = keys.entries == self._sent.entries  # a write may do its work and get no answer
        if not self.known or ours:
            self.keys = self._sent = keys
            self.known = True
        if keys.entries != self.keys.entries:
            self._say(Report(False, "SecretChanged", self._changed()))
        elif keys.entries != stored.entries:
            self._renew_users(found, stored)
        elif core_restarts.is_due(found) and not self._have_core_take(found):
            self._say(self._stored())
        elif self._is_ours() and not pruning.is_kept(found):
            self._cluster.replace(pruning.kept(found))
            self._say(self._stored())
        else:
            self._say(self._stored() if progress is None else self._rotate(found, progress))

    def take_notices(self) -> list[tuple[str, str, str]]:
        """What was done to the Secret since this was asked last: Warning or Normal, reason, text.

        What the report says is told on the Fleet, and not here.
        """
        notices, self._notices = self._notices, []
        return notices

    def _write_again(self) -> None:
        trusting = {} if self.known else _trusting(self._cluster, self._configuration)
        if any(self.keys.public[0] not in keys for keys in trusting.values()):
            self._say(Report(False, "SecretLost", _refusal(self._configuration, trusting)))
            return
        self._metrics.keys_lost.set(1)
        if not self._missing:
            self._metrics.keys_losses.inc()
        self._missing, self._lost_at = True, time.time()
        lost = f"{self._where} was gone; somebody deleted it"
        try:
            self._cluster.create(_secret(self.keys, self._configuration))
        except ConflictError:
            raise  # it is there again: the next look reads it
        except ClusterError as error:
            self._say(Report(False, "SecretLost", f"{lost}, and it cannot be written: {error}"))
            raise
        self.known, self._missing = True, False
        self._say(self._stored())

    def _is_ours(self) -> bool:
        """Whether the operator makes the Secret, and not somebody who gave it to the chart."""
        return self._configuration.keys_secret == f"{self._configuration.release}-keys"

    def _renew_users(self, found: Object, stored: Keys) -> None:
        """Give the Redis users the rights of this version; rotations go on with the next look."""
        changed = {**found, "data": key_secrets.data(self.keys)}
        if self.keys.entries[CORE_ACL] == stored.entries[CORE_ACL]:
            self._cluster.replace(changed)
            self._say(self._stored())
            self._tell_of_users("replicas take them when they start")
        else:
            self._core.begin()
            marked = self._cluster.replace(core_restarts.marked(changed))
            self._say(self._stored())
            self._have_core_take(marked)

    def _have_core_take(self, found: Object) -> bool:
        """Have the core take the users of the Secret; if need be the next look tries again.

        Whether more can be done in this look: the core has them, and the Secret is as found.
        """
        taken = self._core.take(self.keys)
        if taken.told:
            self._tell_of_users(taken.told)
        if taken.settled:
            self._cluster.replace(core_restarts.unmarked(found))
        return self._core.given and not taken.settled

    def _tell_of_users(self, taken: str) -> None:
        renewed = (
            f"{self._where} has the Redis users of this version now, with the same passwords; "
            f"{taken}"
        )
        self._notices.append(("Normal", "UsersRenewed", renewed))
        _log.info("%s", renewed)

    def _rotate(self, found: Object, progress: Progress) -> Report:
        """Take the step that is due, if there is one."""
        annotations = dict(found["metadata"].get("annotations") or {})
        asked = annotations.pop(ROTATE_ANNOTATION, None) is not None
        step = rotations.step(self.keys, asked, progress)
        keys = step.keys or self.keys
        if asked or step.keys is not None:
            self._sent = keys
            metadata = {**found["metadata"], "annotations": annotations}
            self._cluster.replace({**found, "metadata": metadata, "data": key_secrets.data(keys)})
            self.keys = keys
        if step.keys is not None:
            self._notices.append(("Normal", "KeyRotation", step.message))
            _log.info("%s", step.message)
        if not rotations.is_on(keys):
            return self._stored()
        if self.report.message != step.message:
            _log.info("rotation of the key: %s", step.message)
        return Report(True, ROTATING, step.message)

    def _stored(self) -> Report:
        if self._lost_at is None:
            return STORED
        if time.time() - self._lost_at > TOLD_SECONDS:
            self._lost_at = None
            return STORED
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._lost_at))
        return Report(
            True,
            WRITTEN_AGAIN,
            f"{self._where} was gone at {since} and was written again from memory; find out who "
            "deleted it, and make a backup: kubectl dnsfleet keys backup FILE",
        )

    def _changed(self) -> str:
        return (
            f"{self._where} is not as this operator wrote or read it; it goes on with the keys "
            f"that it holds: put a backup back ({RESTORE}), or restart the operator to take the "
            "new ones"
        )

    def _say(self, report: Report) -> None:
        self._metrics.keys_lost.set(report.good is False)
        known, self.report = self.report, report
        if report.reason == known.reason:
            return  # its message alone is for whoever looks
        if report.good is False:
            _log.error("%s", report.message)
        elif report.message and report.reason != ROTATING:
            _log.warning("%s", report.message)


def _secret(keys: Keys, configuration: Configuration) -> Object:
    made = key_secrets.secret(keys, configuration.keys_secret, configuration.namespace)
    return pruning.kept(made)


def _trusting(cluster: Cluster, configuration: Configuration) -> dict[str, public_keys.PublicKeys]:
    """The public keys that edges were told, by ConfigMap of a Pop; empty ones are unreadable."""
    found = {}
    for each in cluster.objects("ConfigMap", configuration.namespace, MANAGED_SELECTOR):
        text = (each.get("data") or {}).get(PUBLIC_KEY_FILE, "")
        try:
            found[each["metadata"]["name"]] = public_keys.parse(text.encode())
        except ValueError:
            continue
    return found


def _refusal(configuration: Configuration, trusting: dict[str, public_keys.PublicKeys]) -> str:
    named = ", ".join(sorted(trusting)[:MOST_NAMED])
    more = f" and {len(trusting) - MOST_NAMED} more" if len(trusting) > MOST_NAMED else ""
    return (
        f"Secret {configuration.namespace}/{configuration.keys_secret} is gone, and no new keys "
        f"are made: edges verify by its public key (ConfigMaps {named}{more}) and would refuse all "
        f"that another key signs. Put it back: {RESTORE}. Without a backup, see the runbook "
        "DnsfleetKeysLost"
    )
