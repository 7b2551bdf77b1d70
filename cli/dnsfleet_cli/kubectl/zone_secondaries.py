"""The secondaries of one zone, as its status tells them. Pure."""

from dnsfleet import tables
from dnsfleet.tables import ABSENT
from dnsfleet.tsig_keys import Target

from dnsfleet_cli.kubectl.objects import Object, value


def document(zone: Object) -> Object | None:
    """How many there are, how many are current, and those that are named; None for none."""
    found: Object | None = value(zone, "status", "secondaries")
    if found is None:
        return None
    servers = [
        {
            "address": str(Target(each["address"], each["port"])),
            "state": each["state"],
            "serial": each.get("serial"),
            "since": each.get("since"),
            "message": each.get("message", ""),
        }
        for each in found.get("servers", ())
    ]
    return {"count": found["count"], "current": found["current"], "servers": servers}


def table(zone: Object) -> str:
    """Them as text; empty for none."""
    found = document(zone)
    if found is None:
        return ""
    rows = tables.table(
        ["SECONDARY", "STATE", "SERIAL", "SINCE", "MESSAGE"],
        (
            [
                each["address"],
                each["state"],
                each["serial"] or ABSENT,
                each["since"] or ABSENT,
                each["message"],
            ]
            for each in found["servers"]
        ),
    )
    more = found["count"] - len(found["servers"])
    return rows if more == 0 else f"{rows}\nand {more} more"
