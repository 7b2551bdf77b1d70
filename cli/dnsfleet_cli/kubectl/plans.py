"""What a plan about a cluster rehearses: its objects, with those of files in their place."""

import time
from collections.abc import Sequence, Set
from pathlib import Path

from dnsfleet.resources import Pop, Zone
from dnsfleet.resources.documents import Document
from dnsfleet.violations import Violation
from dnsfleet.zones import plans
from dnsfleet.zones.placements import Fleet
from dnsfleet_publisher.rehearsals import Rehearsal

from dnsfleet_cli import checking, document_files
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.cluster_fleet import ClusterFleet, Urls
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.options import PlanForm
from dnsfleet_cli.planning import running
from dnsfleet_cli.planning.overlays import overlay
from dnsfleet_cli.planning.rendering import by_kubectl
from dnsfleet_cli.planning.running import Prepared
from dnsfleet_cli.whole_files import PatientFiles

OF_TEAMS = ("Zone", "RecordSet")
"""Kinds that the operator reads in some namespaces only, where it has `watchNamespaces`."""
UNAVAILABLE = "ZoneFileUnavailable"


def run(
    cluster: Cluster, release: str, paths: Sequence[Path], namespace: str, form: PlanForm
) -> int:
    """See `planning.running.run`; `namespace` is that of objects that name none."""
    return running.run(
        lambda: _prepare(cluster, release, paths, namespace), form, _told, by_kubectl
    )


def _prepare(cluster: Cluster, release: str, paths: Sequence[Path], namespace: str) -> Prepared:
    found, refused = read(paths)
    zones = [each.resource for each in found if isinstance(each.resource, Zone)]
    fleet = ClusterFleet(cluster, release)
    there, unreadable = fleet.documents(zones)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    by_reference = {each.reference: each for each in there}
    applied, immutable = overlay(found, by_reference, namespace, now)
    applied, unseen = seen(applied, fleet.watched)
    keys = fleet.keys
    rehearsal = Rehearsal(fleet.dry_core(), keys.private, keys.previous, Urls(), by_owner=True)
    rehearsal.begin(there)
    findings = [*refused, *immutable, *unseen, *map(_not_looked_at, unreadable)]
    return Prepared(rehearsal, applied, _fleet(cluster, [*there, *applied]), findings)


def read(paths: Sequence[Path]) -> tuple[list[Document], list[Violation]]:
    """The documents of all files, and what is wrong; files of other tools in folders are told."""
    found, refused = document_files.read_all(paths, PatientFiles())
    return found, checking.without_others(refused, paths)


def seen(found: Sequence[Document], watched: Set[str]) -> tuple[list[Document], list[Violation]]:
    """The documents without the Zones and RecordSets of namespaces that the operator does not read.

    `watched` is empty where it reads all.
    """
    kept, told = [], []
    for each in found:
        if not watched or each.kind not in OF_TEAMS or each.reference.namespace in watched:
            kept.append(each)
            continue
        why = (
            f"the operator does not read {each.kind}s of namespace {each.reference.namespace}: add "
            "it to watchNamespaces of the chart"
        )
        told.append(Violation("NotLookedAt", why, f"{each.path}:{each.line}", "warning"))
    return kept, told


def _fleet(cluster: Cluster, documents: Sequence[Document]) -> Fleet:
    running_pops = {d.resource.metadata.name for d in documents if isinstance(d.resource, Pop)}
    ready = {each["metadata"]["name"] for each in cluster.pops() if _ready_edges(each)}
    approvals: set[str] = set()
    for each in cluster.fleets():
        annotations = each["metadata"].get("annotations") or {}
        approvals |= plans.approvals(annotations.get(plans.APPROVE_ANNOTATION))
    return Fleet(running_pops, ready, approvals)


def _ready_edges(pop: Object) -> int:
    edges = (pop.get("status") or {}).get("edges") or {}
    return int(edges.get("ready", 0))


def _not_looked_at(violation: Violation) -> Violation:
    """An object of the cluster that cannot be read is not the fault of who changes others."""
    message = f"{violation.message}; what depends on this object of the cluster is not looked at"
    return violation._replace(reason="NotLookedAt", message=message, severity="warning")


def _told(violation: Violation) -> Violation:
    if violation.reason != UNAVAILABLE:
        return violation
    message = "what an address gives is read by the operator alone, and not looked at here"
    return violation._replace(reason="NotLookedAt", message=message, severity="warning")
