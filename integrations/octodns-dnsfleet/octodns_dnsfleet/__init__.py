"""The octoDNS provider of dnsfleet: records of octoDNS as RecordSets of a Kubernetes cluster.

    values       a record of octoDNS as an RRset of a RecordSet, and back
    zones        what a Zone takes from RecordSets, as far as it can be seen before an apply
    layout       which RRset goes into which RecordSet
    cluster      the calls to the API server
    record_sets  the RecordSets of one provider, and what others have
    writing      the writes of one plan, and what the operator says to them
    provider     what octoDNS calls

It stands on octoDNS and the Kubernetes client alone: what a zone may contain is decided by the
cluster.
"""

from octodns_dnsfleet.provider import DnsfleetProvider

__version__ = "0.1.0"

__all__ = ["DnsfleetProvider"]
