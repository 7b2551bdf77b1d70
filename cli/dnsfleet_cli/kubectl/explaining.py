"""`explain`: a name's zone, its shard, and what each edge answers."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dnsfleet import rings, rrtypes, tables
from dnsfleet.tables import ABSENT

from dnsfleet_cli.kubectl import objects
from dnsfleet_cli.kubectl.cluster import Cluster
from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.kubectl.pods import Pod
from dnsfleet_cli.troubles import Trouble


class Reply(NamedTuple):
    """What one edge pod said."""

    pop: str
    edge: str
    shard: int
    """The shard that the kernel hands UDP queries for the name to."""
    answer: dns.message.Message | None
    soa: dns.message.Message | None
    """The reply for the SOA of the zone, which has the serial."""
    problem: str = ""


def shard(qname: str, pop: Object) -> int:
    """The shard of each of the Pop's edges that gets UDP queries for an absolute name."""
    wire = dns.name.from_text(qname).to_wire()
    assert wire is not None  # noqa: S101 - only writing into a file gives None
    return rings.owner(wire, objects.shards(pop))


def ask(
    cluster: Cluster,
    namespace: str,
    qname: str,
    rtype: str,
    zone: Object,
    pops: Sequence[Object],
) -> list[Reply]:
    """The replies of all Ready edges of the Pops that serve a zone."""
    return [
        _reply(cluster, edge, qname, rtype, zone, pop)
        for pop in pops
        for edge in cluster.edges(pop["metadata"]["name"], namespace)
    ]


def _reply(cluster: Cluster, edge: Pod, qname: str, rtype: str, zone: Object, pop: Object) -> Reply:
    where = (objects.name(pop), edge.name, shard(qname, pop))
    queries = [
        dns.message.make_query(qname, f"TYPE{rrtypes.number(rtype)}"),
        dns.message.make_query(objects.origin(zone), "SOA"),
    ]
    try:
        answer, soa = cluster.ask(edge, queries)
    except Trouble as trouble:
        return Reply(*where, None, None, str(trouble))
    return Reply(*where, answer, soa)


def text(
    qname: str,
    rtype: str,
    zone: Object | None,
    replies: Sequence[Reply],
    remote: Sequence[str] = (),
) -> str:
    """The whole report; `remote` are the Pops that serve the zone in other clusters."""
    if zone is None:
        head = tables.fields([("Name", f"{qname} {rtype}"), ("Zone", "none of this fleet")])
        return f"{head}\n\nno published Zone holds it, so edges answer REFUSED"
    propagated = objects.condition(zone, "Propagated")
    head = tables.fields(
        [
            ("Name", f"{qname} {rtype}"),
            ("Zone", f"{objects.name(zone)} ({objects.origin(zone)})"),
            ("Serial", objects.value(zone, "status", "serial", default=ABSENT)),
            ("Propagated", propagated.status if propagated.current else "Unknown"),
        ]
    )
    rows: list[list[object]] = [
        [reply.pop, reply.edge, reply.shard, _rcode(reply), _shown(_serial(reply)), line]
        for reply in replies
        for line in _answers(reply)
    ]
    if rows:
        body = tables.table(["POP", "EDGE", "SHARD", "RCODE", "SERIAL", "ANSWER"], _merged(rows))
    else:
        body = "no edge of an Active Pop of this cluster that serves it is running"
    owners = _owners(qname, rtype, zone) if rows else ""
    others = f"not asked, as other clusters run them: {', '.join(remote)}" if remote else ""
    return "\n\n".join(filter(None, (head, body, owners, others)))


def document(
    qname: str,
    rtype: str,
    zone: Object | None,
    replies: Sequence[Reply],
    remote: Sequence[str],
) -> dict[str, Any]:
    """The same for programs (see `documents`)."""
    return {
        "kind": "Explanation",
        "name": qname,
        "type": rtype,
        "zone": zone and objects.name(zone),
        "origin": zone and objects.origin(zone),
        "agree": agree(replies),
        "replies": [
            {
                "pop": each.pop,
                "edge": each.edge,
                "shard": each.shard,
                "rcode": _rcode(each) if each.answer else None,
                "serial": _serial(each),
                "answer": _records(each.answer) if each.answer else [],
                "problem": each.problem,
            }
            for each in replies
        ],
        "notAsked": list(remote),
    }


def _owners(qname: str, rtype: str, zone: Object) -> str:
    """Whose each value of a shared RRset is; empty where the RRset is not shared."""
    rows: list[list[object]] = [
        [value["data"], " ".join(value["recordSets"])]
        for rrset in objects.value(zone, "status", "shared", default=())
        if (rrset["name"], rrset["type"]) == (qname, rtype)
        for value in rrset["values"]
    ]
    return tables.table(["VALUE", "RECORDSETS"], rows) if rows else ""


def agree(replies: Iterable[Reply]) -> bool:
    """Whether every edge answered, and all the same: rcode, answer and serial."""
    seen = {
        (_rcode(reply), _serial(reply), tuple(sorted(_answers(reply))), reply.problem)
        for reply in replies
    }
    return len(seen) <= 1 and not any(problem for *_, problem in seen)


def _merged(rows: list[list[object]]) -> list[list[object]]:
    """Later lines of one edge show only the answer."""
    merged = []
    last: object = None
    for row in rows:
        merged.append(row if row[1] != last else ["", "", "", "", "", row[-1]])
        last = row[1]
    return merged


def _rcode(reply: Reply) -> str:
    return dns.rcode.to_text(reply.answer.rcode()) if reply.answer else ABSENT


def _shown(serial: int | None) -> object:
    return ABSENT if serial is None else serial


def _serial(reply: Reply) -> int | None:
    for rrset in reply.soa.answer if reply.soa else ():
        if rrset.rdtype == dns.rdatatype.SOA:
            found: int = rrset[0].serial
            return found
    return None


def _answers(reply: Reply) -> list[str]:
    """A line for each record of the answer section; else why there is none."""
    if reply.answer is None:
        return [reply.problem]
    if lines := _records(reply.answer):
        return lines
    if any(rrset.rdtype == dns.rdatatype.NS for rrset in reply.answer.authority):
        return ["referral to " + " ".join(_servers(reply.answer))]
    return ["no data" if reply.answer.rcode() == dns.rcode.NOERROR else "no such name"]


def _records(message: dns.message.Message) -> list[str]:
    """The answer section."""
    return [
        f"{rrset.name} {rrset.ttl} {rrtypes.to_text(rrset.rdtype)} {rdata.to_text()}"
        for rrset in message.answer
        for rdata in rrset
    ]


def _servers(message: dns.message.Message) -> list[str]:
    return sorted(
        rdata.to_text()
        for rrset in message.authority
        if rrset.rdtype == dns.rdatatype.NS
        for rdata in rrset
    )
