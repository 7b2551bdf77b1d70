"""`dnsfleet probe`: the prober of a Pop of a running `up`, or one that asks every Pop."""

import os
from collections.abc import Sequence
from pathlib import Path

from dnsfleet.probing.division import EVERYWHERE
from dnsfleet.probing.lists import ProbeList
from dnsfleet.replication.manifests import Manifest
from dnsfleet_io import log_setup
from dnsfleet_io.tcp_connections import Address
from dnsfleet_probe import running
from dnsfleet_probe.replica import Replica, UnreadableError

from dnsfleet_cli.troubles import Trouble
from dnsfleet_cli.up import local_fleet


def run(state_dir: Path, place: str | None, http: str | None, as_json: bool) -> int:
    """Ask once, or until told to stop; the exit status. Trouble where there is no such fleet."""
    local_fleet.read(state_dir, "publisher.pub")
    if place is not None:
        local_fleet.table(state_dir, f"pops/{place}/edge.json")
    source, here = AnyReplica(state_dir, place), place or EVERYWHERE
    if http is None:
        return running.once(here, source, as_json)
    try:
        log_setup.configure(os.environ)
    except log_setup.LevelError as error:
        raise Trouble(str(error)) from None
    try:
        running.export(here, source, Address.parse(http))
    except (OSError, ValueError) as error:
        raise Trouble(f"--http: {error}") from None
    return 0


class AnyReplica:
    """The replica of one Pop, or all of them, where the newest counts: one may be cut off."""

    def __init__(self, state_dir: Path, pop: str | None) -> None:
        self._root = state_dir
        self._pop = pop or "*"

    def probe_list(self) -> ProbeList:
        """See `dnsfleet_probe.prober.Source`."""
        found, problem = None, UnreadableError(f"{self._root}: no Pop has run from this folder")
        for replica in self._replicas():
            try:
                said = replica.probe_list()
            except UnreadableError as error:
                problem = error
                continue
            finally:
                replica.close()
            found = said if found is None or said.revision > found.revision else found
        if found is None:
            raise problem
        return found

    def manifests(self, origins: Sequence[str]) -> dict[str, Manifest]:
        """See `dnsfleet_probe.prober.Source`."""
        found: dict[str, Manifest] = {}
        for replica in self._replicas():
            try:
                said = replica.manifests(origins)
            except UnreadableError:
                continue
            finally:
                replica.close()
            found |= {
                zone: each
                for zone, each in said.items()
                if zone not in found or each.revision > found[zone].revision
            }
        return found

    def _replicas(self) -> list[Replica]:
        files = sorted(self._root.glob(f"pops/{self._pop}/edge.json"))
        names = [str(each.relative_to(self._root)) for each in files]
        tables = [local_fleet.table(self._root, name) for name in names]
        key = self._root / "publisher.pub"
        return [Replica(str(each["replica_url"]), key) for each in tables]
