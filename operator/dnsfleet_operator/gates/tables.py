"""The Secret by which gates are told their keys: read, and made anew where it says something else.

tsig-keys.json   the table that a gate reads (see `dnsfleet.tsig_keys`)
owners.json      by name on the wire, the TsigKey that each key of the table is made of

Gates mount the first entry only. The second one is for the operator: it tells whose secret a key
has, so that no other TsigKey gets it (see `judging`).
"""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dnsfleet import tsig_keys
from dnsfleet.tsig_keys import UsableKey

from dnsfleet_operator.configuration import Configuration
from dnsfleet_operator.objects import MANAGED_BY, Object
from dnsfleet_operator.secrets import pruning

TABLE, OWNERS = "tsig-keys.json", "owners.json"


class Owner(NamedTuple):
    """The TsigKey that a key is of."""

    name: str
    uid: str
    created: str
    """Its creationTimestamp."""


class Row(NamedTuple):
    """A key that gates have."""

    key: UsableKey
    owner: Owner


def name(configuration: Configuration) -> str:
    """The name of the Secret."""
    return f"{configuration.release}-tsig-keys"


def read(secret: Object | None) -> list[Row]:
    """What is in the Secret; nothing of one that is damaged, which is then made anew."""
    data = {} if secret is None else secret.get("data") or {}
    try:
        table, owners = (base64.b64decode(data[each], validate=True) for each in (TABLE, OWNERS))
        known = {wire: Owner(*map(str, of)) for wire, of in json.loads(owners).items()}
        return [Row(key, known[key.name]) for key in tsig_keys.decode(table)]
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        return []


def renewed(
    found: Object | None, configuration: Configuration, rows: Iterable[Row]
) -> dict[str, Any] | None:
    """The Secret as it is to be created or replaced; None where it is so already."""
    data = _data(list(rows))
    if found is not None and found.get("data") == data and pruning.is_kept(found):
        return None
    managed = {"app.kubernetes.io/managed-by": MANAGED_BY}
    new = pruning.new(name(configuration), configuration.namespace, "tsig-keys", managed)
    return pruning.kept({**(new if found is None else found), "data": data})


def octets(rows: Iterable[Row]) -> int:
    """How large the values of the Secret are, as the API server counts them."""
    return sum(len(base64.b64decode(value)) for value in _data(list(rows)).values())


def _data(rows: list[Row]) -> Mapping[str, str]:
    ordered = sorted(rows, key=lambda row: row.key.name)
    owners = {row.key.name: row.owner for row in ordered}
    texts = {
        TABLE: tsig_keys.encode(row.key for row in ordered),
        OWNERS: json.dumps(owners, indent=1).encode(),
    }
    return {entry: base64.b64encode(text).decode() for entry, text in texts.items()}
