"""What tests of holds of single owners have: objects with many names, and what is told of them."""

from typing import Any

from dnsfleet.zones import plans

from support.zone_writers import Writer, changed, item, record_set, zone

Object = dict[str, Any]
A = "a.example."
MANY = 20


def names(*numbers: int, address: str = "192.0.2.3") -> list[Object]:
    return [{"name": f"n{each}", "type": "A", "data": [address]} for each in numbers]


def many(name: str = "shop", first: int = 0, count: int = MANY) -> Object:
    """A RecordSet with so many names."""
    spec = {"zoneRef": {"name": "a"}, "records": names(*range(first, first + count))}
    return item("RecordSet", name, spec)


def approving(found: Object, *hashes: str) -> Object:
    """The same object with an approval."""
    metadata = found["metadata"] | {
        "annotations": {plans.APPROVE_ANNOTATION: ",".join(hashes)},
        "resourceVersion": found["metadata"]["resourceVersion"] + "0",
    }
    return found | {"metadata": metadata}


def told(writer: Writer, kind: str, name: str) -> str:
    """What is said of an object first."""
    found = writer.passes.results.violations
    return next(
        (each[0].message for ref, each in found.items() if (ref.kind, ref.name) == (kind, name)), ""
    )


def answers(writer: Writer, name: str) -> list[str]:
    published = writer.store.load(A)
    found = None if published is None else published.get(f"{name}.{A}", "A")
    return [] if found is None else found[1]


FULL = zone("a", hosts=20)
SHOP = many()
MAIL = record_set("mail", "mail")
LESS = changed(SHOP, 2, records=names(0))
MOVED = changed(MAIL, 2, records=[{"name": "mail", "type": "A", "data": ["192.0.2.7"]}])
AFTER = item("RecordSet", "after", {"zoneRef": {"name": "a"}, "records": names(900)})
