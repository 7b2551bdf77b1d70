"""ExternalDNS in tests: its loop, its two ways to know what is its own, and its requests.

    instance = ExternalDNS(ask, owner="a")       owner None: --registry=noop
    instance.round([endpoint("www.example.com", "A", "192.0.2.1")])

One round does what one of ExternalDNS v0.23 with --policy=sync does: it reads the records, has the
wanted endpoints adjusted, and sends the difference where there is one. The difference is that of
its `plan/plan.go`, as far as names without conflicts between several sources need it, and the TXT
that tell the owner are those of its `registry/txt`.
"""

from collections.abc import Callable, Iterable
from typing import Any

Endpoint = dict[str, Any]
Ask = Callable[[str, str, Any], Any]
"""Method, path and body to the answer, as it was decoded from JSON."""

OWNER = "external-dns/owner="


def endpoint(name: str, rtype: str, *targets: str, ttl: int = 0, set_id: str = "") -> Endpoint:
    """An endpoint as a source makes it."""
    made: Endpoint = {"dnsName": name, "recordType": rtype, "targets": list(targets)}
    made |= {"recordTTL": ttl} if ttl else {}
    made |= {"setIdentifier": set_id} if set_id else {}
    return made | {"labels": {"resource": f"service/default/{name}"}}


class ExternalDNS:
    """One instance; `owner` is its --txt-owner-id, or None where it has no registry."""

    def __init__(self, ask: Ask, owner: str | None = None) -> None:
        self._ask = ask
        self._owner = owner
        self.changes: Any = {}
        """What the last round sent; empty where nothing differed."""

    def round(self, wanted: Iterable[Endpoint]) -> None:
        """Bring about the wanted endpoints."""
        current = self._owned(self._ask("GET", "/records", None) or [])
        adjusted = self._ask("POST", "/adjustendpoints", [*wanted]) or []
        self.changes = self._changes(current, adjusted)
        if self.changes:
            self._ask("POST", "/records", self.changes)

    def _owned(self, records: list[Endpoint]) -> list[Endpoint]:
        """The records without those that tell owners; each then has its owner as a label."""
        if self._owner is None:
            return records
        told = {_key(each): each for each in records if _tells_owner(each)}
        found = []
        for each in records:
            if _key(each) in told:
                continue
            telling = told.get(_key(_telling(each, "")))
            owner = telling["targets"][0].split(OWNER)[1].split(",")[0] if telling else ""
            found.append({**each, "labels": {"owner": owner}})
        return found

    def _changes(self, current: list[Endpoint], adjusted: list[Endpoint]) -> Any:
        there = {_key(each): each for each in current}
        wanted = {_key(each): each for each in adjusted}
        mine = {
            key
            for key, each in there.items()
            if self._owner is None or each["labels"]["owner"] == self._owner
        }
        changed = [key for key in mine & wanted.keys() if _differs(wanted[key], there[key])]
        made = {
            "create": self._with_owners(wanted[key] for key in wanted.keys() - there.keys()),
            "updateOld": self._with_owners(there[key] for key in changed),
            "updateNew": self._with_owners(wanted[key] for key in changed),
            "delete": self._with_owners(there[key] for key in mine - wanted.keys()),
        }
        return {key: each for key, each in made.items() if each}

    def _with_owners(self, endpoints: Iterable[Endpoint]) -> list[Endpoint]:
        found = sorted(endpoints, key=_key)
        if self._owner is None:
            return found
        return found + [_telling(each, self._owner) for each in found]


def _key(found: Endpoint) -> tuple[str, str, str]:
    return found["dnsName"], found["recordType"], found.get("setIdentifier", "")


def _telling(found: Endpoint, owner: str) -> Endpoint:
    """The TXT that tells the owner of a record (`generateTXTRecord`)."""
    name = f"{found['recordType'].lower()}-{found['dnsName']}"
    text = f'"heritage=external-dns,{OWNER}{owner},external-dns/resource=service/default/x"'
    made = endpoint(name, "TXT", text, set_id=found.get("setIdentifier", ""))
    return made | {"labels": {"ownedRecord": found["dnsName"]}}


def _tells_owner(found: Endpoint) -> bool:
    return found["recordType"] == "TXT" and '"heritage=' in found["targets"][0]


def _differs(wanted: Endpoint, there: Endpoint) -> bool:
    ttl = wanted.get("recordTTL", 0)
    return (
        sorted(wanted["targets"]) != sorted(there["targets"])
        or (ttl > 0 and ttl != there.get("recordTTL", 0))
        or _settings(wanted) != _settings(there)
    )


def _settings(found: Endpoint) -> dict[str, str]:
    return {each["name"]: each["value"] for each in found.get("providerSpecific", ())}
