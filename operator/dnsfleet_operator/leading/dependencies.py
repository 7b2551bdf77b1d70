"""What a term is made from, and what the controller asks of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from dnsfleet.resources import Reference
from dnsfleet.tsig_keys import PrimaryKey
from dnsfleet_publisher.transferring.transfers import Transfers

from dnsfleet_operator.cluster import Cluster
from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.observed.observation import Known, Observation
from dnsfleet_operator.observed.workloads import Workloads
from dnsfleet_operator.statuses.updates import PutStatus
from dnsfleet_operator.work_queue import Key
from dnsfleet_operator.zones.downloads import Downloads


class Waiting(Protocol):
    """The keys that wait to be reconciled."""

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Have a key looked at after so many seconds."""

    def failed(self, key: Key) -> float:
        """Have a key looked at after its backoff; the seconds until then."""

    def succeeded(self, key: Key) -> None:
        """Forget the failures of a key."""

    def hasten(self) -> None:
        """Have all keys that failed looked at now."""


@dataclass(frozen=True)
class Dependencies:
    """What outlives a term."""

    cluster: Cluster
    configuration: Configuration
    metrics: Metrics
    observation: Observation
    workloads: Workloads
    downloads: Downloads
    transfers: Transfers
    trust_primaries: Callable[[Mapping[str, PrimaryKey]], None]
    """Has zones be fetched from primaries by these keys, by the names of their TsigKeys."""
    put_status: PutStatus
    waiting: Waiting


class Looks(Protocol):
    """How far everything has come, as a term sees it."""

    pending: bool
    """Whether the next look should come soon."""

    def written(self, reference: Reference, packed: bytes) -> None:
        """A status that was handed on was written."""


class Work(Protocol):
    """One leadership. ClusterError and StoreError of a pass mean to try again, Fenced to end."""

    @property
    def looks(self) -> Looks:
        """How far everything has come."""

    def close(self) -> None:
        """Let go of what it holds."""

    def reconcile(self, key: Key) -> bool:
        """The pass of a key; whether it is done, and not only a part of it."""

    def sync(self) -> None:
        """List everything anew: events may have been missed."""

    def zone_deleted(self, reference: Reference, known: Known) -> None:
        """A Zone object is gone."""

    def zone_file_came(self, zone: Reference) -> None:
        """There is something new about the zone file of a Zone."""

    def look(self) -> None:
        """See how far everything has come."""


Begin = Callable[[Dependencies], Work]
"""Begins a term."""
