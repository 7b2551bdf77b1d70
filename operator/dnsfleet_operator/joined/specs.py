"""What the core asks of the Pop, as far as that is proved. It only goes forward.

A signed spec comes from the replica, or from the annotation of the Pop object here. Neither is
trusted: who holds one of them may bring back a spec that was signed long ago, with keys that have
been retired since. So the highest revision that was taken is kept beside the trusted keys, in the
Secret of this cluster, and nothing before it is taken again, by no later operator either. The Pop
object is written first and then that Secret (`settle`), so whoever begins anew between the two
finds the newer spec in the object.

What is not taken is told, in the condition `Mirrored` and in the report: only people can know
whether a core was built anew, with another key. What is taken is told once a pass made the objects
here of it (`followed`): before that, what is known of pods is about the spec before it.
"""

import logging

from dnsfleet.replication.manifests import ManifestError
from dnsfleet.replication.revisions import Revision

from dnsfleet_operator.cluster import Cluster, Object
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.joined import mirror, own_keys
from dnsfleet_operator.joined.joining import Join
from dnsfleet_operator.joined.mirror import Held, Understood
from dnsfleet_operator.joined.own_keys import OwnKeys

_log = logging.getLogger(__name__)


class Specs:
    """One leader's, from its first join Secret on."""

    def __init__(
        self, cluster: Cluster, configuration: Configuration, join: Join, keys: OwnKeys
    ) -> None:
        self._cluster, self._configuration = cluster, configuration
        self._join, self.keys = join, keys
        self.held: Held | None = None
        self.understood: Understood | None = None
        """What this version makes of `held`."""
        self.followed: tuple[Held, Understood] | None = None
        """What the last pass over the Pop went by."""
        self._refused: tuple[str, str] | None = None
        self._lost: tuple[str, str] | None = None

    @property
    def refused(self) -> tuple[str, str] | None:
        """Reason and message of why what came last is not taken."""
        return self._lost or self._refused

    def join(self, join: Join, keys: OwnKeys) -> None:
        """These count from now on; another key in the join Secret is another core."""
        if (join.pop, join.public_key) != (self._join.pop, self._join.public_key):
            self.held = self.understood = self.followed = None
        self._join, self.keys = join, keys

    def take(self, signed: bytes | None) -> bool:
        """Take what the replica has, if it is newer and good; whether it was."""
        if signed is None or (self.held is not None and signed == self.held.signed):
            self._refused = None
            return False
        try:
            found = mirror.verified(signed, self._join.pop, self.keys.trusted)
        except ManifestError as error:
            told = f"{_NOT_TAKEN}: {error}; {_STAYS}; {self._again}"
            self._refused = _told("SpecRefused", told, self._refused)
            return False
        if why := self._why_not(found):
            told = f"{_NOT_TAKEN}: {why}; {_STAYS}; {_CORE_WENT_BACK}"
            self._refused = _told("SpecOutdated", told, self._refused)
            return False
        self._refused = None
        return self._hold(found)

    def take_carried(self, found: Object | None) -> None:
        """Take what the Pop object of this cluster carries, if it is newer and good."""
        carried = mirror.carried(found, self._join.pop, self.keys.trusted)
        if carried is not None and not self._is_old(carried):
            self._hold(carried)

    def is_proved(self, found: Object | None) -> bool:
        """Whether the trusted keys are those of now, as far as anybody here can know.

        Where our Secret was lost while no operator ran, they are those of the join Secret again. A
        Pop object that carries what they did not sign then says that they have been retired. Where
        somebody brought other keys it is no loss, and the first spec by these is waited for.
        """
        annotations = {} if found is None else found["metadata"].get("annotations") or {}
        begins = self.held is None and self.keys.revision is None
        by_others = begins and mirror.SIGNED_ANNOTATION in annotations
        self._lost = (
            _told("KeysLost", f"{_LOST}; {_STAYS}; {self._again}{_EARLIER}", self._lost)
            if by_others and not self.keys.anew
            else None
        )
        return not by_others

    def wanted(self) -> Object | None:
        """The Pop object as it is to be; None where nothing good is known."""
        if self.held is None or self.understood is None or self.understood.problem:
            return None
        return mirror.wanted(self.held, self.understood)

    def settle(self) -> None:
        """Keep how far the Pop has come, and verify as the spec says; may raise ClusterError."""
        if self.held is None:
            return
        says = self.held.says
        if says.revision != self.keys.revision or says.public_keys != self.keys.public_pem:
            self.keys = own_keys.advance(
                self._cluster, self._configuration, self.keys, says.revision, says.public_keys
            )

    def follow(self) -> None:
        """A pass over the Pop has gone by what is held."""
        if self.held is not None and self.understood is not None:
            self.followed = self.held, self.understood

    @property
    def _newest(self) -> Revision | None:
        """The highest revision that was taken; None for none."""
        known = [self.keys.revision, None if self.held is None else self.held.says.revision]
        return max(filter(None, known), default=None)

    @property
    def _again(self) -> str:
        return (
            "if the core has another key now, run there: kubectl dnsfleet pop join "
            f"{self._join.pop}, and apply here what it prints"
        )

    def _why_not(self, found: Held) -> str:
        """Why a spec counts no more; empty where it does."""
        revision = found.says.revision
        if self._is_old(found):
            return f"it has revision {revision}, and {self._newest} was taken already"
        if self.held is not None and self.held.says.revision == revision:
            return f"another spec of revision {revision} was taken already"
        return ""

    def _is_old(self, found: Held) -> bool:
        newest = self._newest
        return newest is not None and found.says.revision < newest

    def _hold(self, found: Held) -> bool:
        if mirror.newest(self.held, found) is not found:
            return False
        self.held = found
        understood = mirror.understand(found.says.spec, found.says.unknown)
        self.understood = mirror.permitted(understood, self._configuration.cache_host_path_prefix)
        return True


def _told(reason: str, message: str, before: tuple[str, str] | None) -> tuple[str, str]:
    """A refusal, which goes to the log when it is another one."""
    if (reason, message) != before:
        _log.error("%s", message)
    return reason, message


_NOT_TAKEN = "the spec that came from the core is not taken"
_STAYS = "the Pop stays as it is"
_CORE_WENT_BACK = "this ends when the core publishes the Pop again; see the clock of the core"
_LOST = (
    "the Secret with the keys of this Pop was lost, and no key of the join Secret signed what the "
    "object of the Pop carries"
)
_EARLIER = "; if the object is of a Pop that was here before, delete it"
