"""What the API server checks beyond the schema, in CEL, so that a bad object never gets in.

Each rule has a twin in the models, which check again. The bounds of lists and texts in the models
keep the cost of the rules within the budget that the API server computes from them.

One RRset in two spellings (`www` and `WWW`, `A` and `TYPE1`) gets past the API server, which
compares the keys of `records` as they are written; the models refuse it. CEL has no way to see it:
it can neither read an escape nor make a list distinct, and to compare each of 500 records with each
other one, in names of up to 1,004 characters, is far above the budget. A SOA as TYPE6 is told, in
any spelling, where the zone is built.
"""

from typing import NamedTuple

from dnsfleet.resources.pops import MAX_POP_NAME


class Rule(NamedTuple):
    """One CEL validation of a model or of a field of it."""

    rule: str
    message: str
    field: str | None = None


RULES: dict[str, list[Rule]] = {
    "Zone": [
        Rule(
            "!has(self.spec.source) || !has(self.spec.source.transfer) || "
            "!has(self.spec.source.transfer.catalog) || self.metadata.name.size() <= 63",
            "the Zones of a catalog have its name as a label; choose one of 63 characters at most",
        ),
    ],
    "ZoneSpec": [
        Rule("self == oldSelf", "origin is immutable; make another Zone instead", "origin"),
        Rule(
            "[has(self.records), has(self.zoneFile), has(self.source)]"
            ".filter(given, given).size() <= 1",
            "give one of records, zoneFile and source",
        ),
        Rule(
            "!has(self.source) || !has(self.source.transfer) || "
            "!(has(self.soa) || has(self.nameServers))",
            "the primaries say soa and nameServers; remove them here, or source",
        ),
        Rule(
            "!has(self.source) || !(has(self.source.catalog) || (has(self.source.transfer) && "
            "has(self.source.transfer.catalog))) || !(has(self.ttl) || "
            "has(self.nameServers) || has(self.placement) || has(self.recordSets))",
            "a catalog zone has no ttl, nameServers, placement or recordSets; remove them",
        ),
        Rule(
            "!has(self.soa) || has(self.nameServers) || !has(self.zoneFile)",
            "give nameServers with soa: the first is the MNAME of the SOA",
        ),
        Rule(
            "self.all(r, r.type != 'SOA')",
            "the SOA is not a record here; write it in spec.soa",
            "records",
        ),
        Rule(
            "self.all(r, r.type != 'NS' || r.name != '@')",
            "the name servers of the zone are no record here; write spec.nameServers",
            "records",
        ),
    ],
    "ZoneSource": [
        Rule(
            "has(self.transfer) != has(self.catalog)",
            "give exactly one of transfer, catalog",
        ),
    ],
    "ZoneFile": [
        Rule(
            "[has(self.inline), has(self.configMaps), has(self.url), has(self.path)]"
            ".filter(given, given).size() == 1",
            "give exactly one of inline, configMaps, url, path",
        ),
        Rule(
            "has(self.url) == has(self.sha256)",
            "give url and sha256 together: the digest pins what the address returns",
        ),
    ],
    "Soa": [
        Rule(
            "!self.contains('@')",
            r"write a dot in place of the @ in rname, and \. for a dot before it",
            "rname",
        ),
    ],
    "NamespaceConsent": [
        Rule(
            "(has(self.from) && self.from == 'Selector') == has(self.selector)",
            "give selector with from: Selector, and only then",
        ),
    ],
    "ClassNamespaces": [
        Rule("has(self.names) || has(self.selector)", "give names, a selector, or both"),
    ],
    "TtlBounds": [
        Rule(
            "!has(self.minimum) || !has(self.maximum) || self.minimum <= self.maximum",
            "minimum is above maximum",
        ),
    ],
    "LabelRequirement": [
        Rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && self.values.size() > 0)",
            "operators In and NotIn need values; Exists and DoesNotExist take none",
        ),
    ],
    "RecordSetSpec": [
        Rule(
            "has(self.records) != has(self.dynamicRecords)",
            "give records; or dynamicRecords, where they come from updates",
        ),
        *(
            Rule(
                "self.all(r, r.type != 'SOA')",
                "the SOA comes from the Zone only; remove it here",
                field,
            )
            for field in ("records", "dynamicRecords")
        ),
    ],
    "TsigKeySpec": [
        Rule(
            "!('update' in self.__for__) || !('*' in self.zones)",
            "a key for updates names its zones; write their origins in place of *",
        ),
        Rule(
            "'update' in self.__for__ || !(has(self.names) || has(self.types) || has(self.wait))",
            "names, types and wait are about updates; add update to for, or remove them",
        ),
        Rule(
            "self.all(t, t != 'SOA')",
            "no update changes a SOA, which comes from the Zone; remove it here",
            "types",
        ),
    ],
    "Edge": [
        Rule(
            "!(has(self.cacheHostPath) && has(self.cacheClaimName))",
            "found cacheHostPath and cacheClaimName; give one of them",
        ),
        Rule(
            "!has(self.exposure) || self.exposure != 'HostNetwork' || "
            "(has(self.nodeSelector) && self.nodeSelector.size() > 0)",
            "HostNetwork takes port 53 of nodes: give nodeSelector, the labels of those that "
            "answer DNS",
        ),
        Rule(
            "!has(self.hostPrefixes) || self.hostPrefixes.size() == 0 || "
            "(has(self.exposure) && self.exposure == 'HostNetwork')",
            "give hostPrefixes with exposure: HostNetwork only",
        ),
    ],
    "Service": [
        Rule(
            "!has(self.ipFamilies) || self.ipFamilies.size() < 2 || "
            "self.ipFamilies[0] != self.ipFamilies[1]",
            "ipFamilies names one family twice",
        ),
        Rule(
            "!has(self.ipFamilies) || self.ipFamilies.size() < 2 || "
            "!has(self.ipFamilyPolicy) || self.ipFamilyPolicy != 'SingleStack'",
            "SingleStack takes one family in ipFamilies",
        ),
        Rule(
            "!has(self.loadBalancerIP) || !has(self.type) || self.type == 'LoadBalancer'",
            "give loadBalancerIP with type: LoadBalancer only",
        ),
    ],
    "Pop": [
        Rule(
            f"self.metadata.name.size() <= {MAX_POP_NAME} && !self.metadata.name.contains('.')",
            f"a Pop's name is one label of at most {MAX_POP_NAME} characters, without dots",
        ),
    ],
}
"""Model name to its rules."""

LIST_KEYS = {
    ("ZoneSpec", "records"): ["name", "type"],
    ("RecordSetSpec", "records"): ["name", "type"],
    ("ZoneStatus", "conditions"): ["type"],
    ("RecordSetStatus", "conditions"): ["type"],
    ("PopStatus", "conditions"): ["type"],
    ("FleetStatus", "conditions"): ["type"],
}
"""Lists that are maps: keys are unique, and several appliers may own different entries.

Not `dynamicRecords`: only gates write it, as a whole and many times a minute. As a map of 500 it
makes each write of the object, and of its status, three to four times as much work for the API
server, and the object in etcd twice as large, as that notes who owns each field of each entry.
"""
