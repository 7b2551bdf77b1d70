"""What a prober reads from a replica: the probe list, and manifests of single zones."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from dnsfleet.probing import lists
from dnsfleet.probing.lists import ProbeList
from dnsfleet.replication import keys, manifests, public_keys
from dnsfleet.replication.manifests import MAX_HEAD_SIZE, Manifest, ManifestError
from dnsfleet_io.redis_clients import FAILURES, Server, bounded_redis_client

TIMEOUT_SECONDS = 3.0
"""A replica is near: one that does not answer for so long is not available."""


class UnreadableError(Exception):
    """Nothing can be read; the text says why."""


class Replica:
    """A replica, and the file with the public keys by which what it says is verified.

    The file is read each time, as keys are rotated.
    """

    def __init__(self, where: str | Server, public_key: Path) -> None:
        self._client = bounded_redis_client(where, TIMEOUT_SECONDS)
        self._public_key = public_key

    def probe_list(self) -> ProbeList:
        """The list that is there now; UnreadableError where there is none that is signed."""
        try:
            signed = cast(object, self._client.hget(keys.PROBES, keys.PROBE_LIST))
        except FAILURES as error:
            raise UnreadableError(f"the replica does not answer: {error}") from None
        if signed is None:
            raise UnreadableError("the replica has no probe list yet")
        if not isinstance(signed, bytes):
            raise UnreadableError("the replica answers no probe list, but what is none")
        try:
            return lists.verify(signed, self._public_keys())
        except ManifestError as error:
            raise UnreadableError(f"the probe list is not to be trusted: {error}") from None

    def manifests(self, origins: Sequence[str]) -> dict[str, Manifest]:
        """The newest manifests of these zones, of those that have a signed one."""
        pipeline = self._client.pipeline(transaction=False)
        for origin in origins:
            pipeline.getrange(keys.manifest(origin), 0, MAX_HEAD_SIZE)
        try:
            signed = cast(list[object], pipeline.execute())
        except FAILURES as error:
            raise UnreadableError(f"the replica does not answer: {error}") from None
        public, found = self._public_keys(), {}
        for origin, each in zip(origins, signed, strict=True):
            if not isinstance(each, bytes):
                raise UnreadableError("the replica answers no manifests, but what are none")
            try:
                manifest = manifests.verify(each, public)
            except ManifestError:
                continue
            if manifest.zone == origin:
                found[origin] = manifest
        return found

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def _public_keys(self) -> public_keys.PublicKeys:
        try:
            return public_keys.parse(self._public_key.read_bytes())
        except OSError as error:
            raise UnreadableError(f"{self._public_key}: {error.strerror}") from None
        except ValueError as error:
            raise UnreadableError(f"{self._public_key}: {error}") from None
