"""How Pops of other clusters get in: their credentials, and their users on the core.

    Pop objects with spec.cluster: agent ──▶ Secret RELEASE-pops ──▶ users of the core

The Secret counts: it is written before a user is made, so no Pop gets in by what nobody can look
up, and `kubectl dnsfleet pop join` prints what is in it. It is kept as the keys of the fleet are:
one that is gone is written again from what is held. A Pop whose object somebody deleted loses its
user, whose connections are closed at once, and then its credentials, whose end `kubectl dnsfleet
pop leave` takes for that of its access. A Pop whose object is gone for another reason, with its
CRD, keeps them: absence is no order.

Where the core is to be reached from other clusters and nobody brings a certificate for it, one is
made here, by the same authority, and made anew in time.
"""

import base64
import logging
import time
from collections.abc import Collection, Mapping

import redis
from dnsfleet.replication import pop_slots
from dnsfleet.resources import Pop, Reference
from dnsfleet_io import certificates
from dnsfleet_publisher import pop_credentials, redis_users
from dnsfleet_publisher.core_redis import connect
from dnsfleet_publisher.key_secrets import Keys
from dnsfleet_publisher.pop_credentials import (
    ROTATE_ANNOTATION,
    Credentials,
    CredentialsError,
    Stored,
)
from dnsfleet_publisher.pop_users import PopUsers

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.observed.deletions import Deletions
from dnsfleet_operator.observed.observation import Observation
from dnsfleet_operator.secrets import authorities, pruning
from dnsfleet_operator.secrets.authorities import AuthorityError, Pair
from dnsfleet_operator.secrets.mounts import Mounts

LOOK_SECONDS = 2.0
"""Between looks that nothing asked for: how late users come back after a restart of the core, for
two small requests to the API server and one to the core. Without such Pops there are none."""

_log = logging.getLogger(__name__)


class PopAccess:
    """One leader's. Every method may raise ClusterError or StoreError: to be tried again."""

    def __init__(
        self, cluster: Cluster, configuration: Configuration, observation: Observation
    ) -> None:
        self._cluster = cluster
        self._configuration = configuration
        self._observation = observation
        self._deletions = Deletions(cluster)
        self._mounts = Mounts(cluster, configuration, "tunnel")
        self._secret_name = f"{configuration.release}-pops"
        self._tls_name = f"{configuration.release}-core-tls"
        self._held: Stored | None = None
        self._looked = False
        self._client: redis.Redis | None = None
        self._users: PopUsers | None = None
        self._told: set[str] = set()
        self._problems: set[str] = set()
        """Of the look before, and of the one that goes on."""
        self.certificate_ends: dict[str, float] = {}
        """When the newest certificate of each Pop ends, Unix time in seconds."""

    def close(self) -> None:
        """Let go of the core."""
        if self._client is not None:
            self._client.close()

    @property
    def pops(self) -> Collection[str] | None:
        """The Pops that may reach the core; None while that is not known."""
        return None if self._held is None else self._held.pops.keys()

    def look(self, keys: Keys) -> None:
        """Bring credentials and users to what the Pop objects ask for."""
        self._told, self._problems = self._problems, set()
        self._bring(keys)

    def _bring(self, keys: Keys) -> None:
        wanted = {
            pop.metadata.name: pop for pop in self._observation.pops if pop.spec.cluster == "agent"
        }
        needed = bool(wanted) or self._configuration.core_names != ()
        if not self._observation.complete or not (needed or self._held or not self._looked):
            return
        found = self._cluster.get("Secret", self._secret_name, self._configuration.namespace)
        self._looked = True
        if found is None and self._held is None and not needed:
            return
        try:
            stored = self._stored(found)
        except (CredentialsError, AuthorityError) as error:
            self._tell(str(error))
            if self._held is not None:
                self._keep_users(keys, self._held)
            return
        before = self._held
        renewed = self._renewed(stored, wanted)
        staying = {name: held for name, held in stored.pops.items() if name in renewed.pops}
        if staying.keys() != stored.pops.keys():
            self._keep_users(keys, stored._replace(pops=staying))
        secret = self._write(found, stored, renewed)
        self._held = renewed
        if before is None or before.pops != self._held.pops:
            self.certificate_ends = {
                pop: certificates.first_end(each.certificate.encode())
                for pop, each in self._held.pops.items()
            }
        self._keep_users(keys, self._held)  # first: no trouble with a certificate keeps Pops out
        self._mounts.bring(secret)
        self._keep_certificate(self._held)

    def _stored(self, found: Object | None) -> Stored:
        """What the Secret says; what is held, or a new authority, where there is none."""
        if found is not None:
            stored = pop_credentials.read(found)
            authorities.check(Pair(stored.certificates, stored.authority_key))
            return stored
        if self._held is not None:
            _log.warning("Secret %s was gone, and is written again", self._secret_name)
            return self._held
        _log.info("made an authority for Pops of other clusters; who joined before joins again")
        made = authorities.make(f"dnsfleet {self._configuration.release}", time.time())
        return Stored(made.certificate, made.key, {})

    def _renewed(self, stored: Stored, wanted: Mapping[str, Pop]) -> Stored:
        """The credentials as they are to be now."""
        now = time.time()
        authority = Pair(stored.certificates, stored.authority_key)
        pops = pop_credentials.without_former(stored.pops, now)
        for name in self._left(stored.pops.keys() - wanted.keys(), stored.pops):
            del pops[name]
            _log.info("Pop %s may not reach the core any more", name)
        for name, pop in wanted.items():
            asked = pop.metadata.annotations.get(ROTATE_ANNOTATION, "")
            before = pops.get(name)
            created = pop.metadata.creation_timestamp
            if before is not None and asked in ("", before.asked):
                pops[name] = before._replace(created=created)  # it may be back from a backup
                continue
            if before is None and len(pops) >= pop_credentials.MAX_POPS:
                self._tell(
                    f"Pop {name} cannot reach the core: {pop_credentials.MAX_POPS} Pops can already"
                )
                continue
            most = pop_credentials.MAX_FORMER
            passwords = before.passwords[:most] if before is not None else ()
            shown = pop_credentials.fingerprints(before)[:most] if before is not None else ()
            pops[name] = Credentials(
                created,
                asked,
                now,
                (pop_credentials.password(), *passwords),
                *authorities.client(authority, name, now),
                former=shown,
            )
            _log.info("made credentials for Pop %s", name)
        return stored._replace(pops=pops)

    def _left(self, missing: set[str], known: Mapping[str, Credentials]) -> list[str]:
        """Those of the Pops without an object of another cluster that are to lose their access."""
        local = {pop.metadata.name for pop in self._observation.pops}
        gone = {
            Reference("Pop", "", name): known[name].created
            for name in missing - local
            if self._observation.get(Reference("Pop", "", name)) is None
        }
        reasons = self._deletions.why_not(gone) if gone else {}
        return sorted(missing & local) + [each.name for each, why in reasons.items() if why is None]

    def _write(self, found: Object | None, before: Stored, after: Stored) -> Object:
        """The Secret as it is then."""
        if found is None:
            return self._cluster.create(
                pruning.kept(
                    self._secret(
                        self._secret_name,
                        "Opaque",
                        pop_credentials.LABELS,
                        pop_credentials.data(after),
                    )
                )
            )
        data = {**found["data"], **pop_credentials.data(after)}
        known = pop_credentials.FINGERPRINTS  # an older operator wrote none
        as_wanted = before == after and data[known] == found["data"].get(known)
        if not as_wanted or not pruning.is_kept(found):
            for name in before.pops.keys() - after.pops.keys():
                del data[pop_slots.user(name)]
            return self._cluster.replace(pruning.kept({**found, "data": data}))
        return found

    def _keep_users(self, keys: Keys, stored: Stored) -> None:
        password = keys.entries.get(redis_users.ADMIN, "").strip()
        if not password:
            self._tell(
                f"Secret {self._configuration.keys_secret} lacks {redis_users.ADMIN}, the password "
                "of the user who makes users: no Pop of another cluster can reach the core"
            )
            return
        if self._users is None:
            self._client = connect(self._configuration.core(redis_users.ADMIN, password))
            self._users = PopUsers(self._client)
        for done in self._users.keep({pop: c.passwords for pop, c in stored.pops.items()}):
            _log.info("%s", done)
        if self._users.of_others:
            users = ", ".join(self._users.of_others)
            self._tell(
                f"the core has users that are not ours: {users}; end them there (ACL DELUSER), or "
                "give those Pops other names: they cannot reach the core"
            )

    def _keep_certificate(self, stored: Stored) -> None:
        """Make the certificate of the core where that is due and nobody else brings it."""
        names = self._configuration.core_names
        if not names or self._configuration.core_tls_secret:
            return
        authority, now = Pair(stored.certificates, stored.authority_key), time.time()
        found = self._cluster.get("Secret", self._tls_name, self._configuration.namespace)
        data = (found or {}).get("data") or {}
        held = _text(data.get("tls.crt", ""))
        trusted = _text(data.get("ca.crt", ""))
        if (
            found is not None
            and trusted == stored.certificates
            and not authorities.is_due(held, authority, names, now)
        ):
            self._mounts.bring(found)
            return
        pair = authorities.server(authority, names, now)
        texts = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": stored.certificates}
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        if found is None:
            labels = pop_credentials.LABELS | {"app.kubernetes.io/component": "core-tls"}
            made = self._secret(self._tls_name, "kubernetes.io/tls", labels, encoded)
            made = self._cluster.create(made)
        else:
            made = self._cluster.replace({**found, "data": encoded})
        self._mounts.bring(made)
        _log.info("made a certificate for the core: Secret %s", self._tls_name)

    def _secret(
        self, name: str, kind: str, labels: Mapping[str, str], data: Mapping[str, str]
    ) -> Object:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": self._configuration.namespace,
                "labels": dict(labels),
            },
            "type": kind,
            "data": dict(data),
        }

    def _tell(self, problem: str) -> None:
        """Log a problem that the look before did not meet."""
        if problem not in self._told | self._problems:
            _log.error("%s", problem)
        self._problems.add(problem)


def _text(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return ""
