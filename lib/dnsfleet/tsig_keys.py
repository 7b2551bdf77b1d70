"""TSIG keys as a gate has them: made of TsigKeys and Secrets, and written for it as one table.

A key whose objects do not fit together is told, and the others are made. Names on the wire are
unique: of two TsigKeys with one name the older one has it.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Literal, NamedTuple

from dnsfleet import names, prefixes, rrtypes
from dnsfleet.resources import Reference, Secret, TsigKey, update_patterns
from dnsfleet.resources.tsig_keys import ALL_ZONES
from dnsfleet.resources.update_patterns import EVERY_NAME
from dnsfleet.violations import Violation
from dnsfleet.zones.claims import UNASKED

MIN_SECRET = 16
"""Octets: fewer than 128 bits can be guessed (RFC 2104 section 3)."""
MAX_SECRET = 512
"""Octets; a longer secret is hashed before it is used, so it is no stronger."""

MISSING = "NoSecret"
"""The reason of a violation where the Secret is not among what was given."""
BAD_SECRET, NAME_TAKEN = "BadSecret", "NameTaken"
"""Where it holds no secret of a key, and where another key has the name on the wire."""

Network = IPv4Network | IPv6Network


class Target(NamedTuple):
    """Where a secondary listens."""

    address: str
    """IPv4 or IPv6."""
    port: int

    def __str__(self) -> str:
        """`192.0.2.1:53`, `[2001:db8::1]:53`."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else ":".join(map(str, self))


class Updates(NamedTuple):
    """What a key may change by updates (RFC 2136)."""

    names: tuple[str, ...]
    """Patterns of owner names (see `dnsfleet.resources.update_patterns`)."""
    types: frozenset[str] | None
    """In normal spelling; None for all but those that have to be listed."""
    wait: Literal["Programmed", "Propagated"]
    """What has to be true of a change before its sender is told that it is done."""
    zones: Mapping[str, Reference]
    """By the origins of the key, in normal spelling, the Zones that have them now; those that no
    Zone has are left out."""

    def allows(self, origin: str, owner: str, rtype: str) -> bool:
        """Whether it may change an RRset of a zone; all in normal spelling.

        The SOA and the NS of the apex are nobody's but the Zone's.
        """
        if origin not in self.zones:
            return False
        if owner != origin and origin not in names.ancestors(owner):
            return False
        if rtype == "SOA" or (rtype == "NS" and owner == origin):
            return False
        if rtype in UNASKED if self.types is None else rtype not in self.types:
            return False
        return any(update_patterns.fits(owner, each, origin) for each in self.names)


class UsableKey(NamedTuple):
    """A key and what it is good for."""

    name: str
    """On the wire: absolute, lower case, presentation form."""
    algorithm: str
    """Such as `hmac-sha256`."""
    secret: bytes
    zones: frozenset[str] | None
    """Origins, absolute and in lower case; None for all."""
    secondaries: tuple[Target, ...]
    addresses: tuple[Network, ...] = ()
    """From where it may be used; none for everywhere."""
    transfers: bool = True
    """Whether zones may be transferred with it."""
    updates: Updates | None = None
    """What it may change; None where it is not for updates."""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"UsableKey({self.name})"

    def is_for(self, origin: str) -> bool:
        """Whether it names a zone, whatever it is good for."""
        return self.zones is None or origin in self.zones

    def allows(self, origin: str) -> bool:
        """Whether a zone may be transferred with it."""
        return self.transfers and self.is_for(origin)

    def with_owners(self, find_owner: Callable[[str], Reference | None]) -> "UsableKey":
        """It with the Zones that have its origins now, for updates; None is an origin of none."""
        if self.updates is None:
            return self
        found = {each: find_owner(each) for each in self.zones or ()}
        owners = {origin: zone for origin, zone in found.items() if zone is not None}
        return self._replace(updates=self.updates._replace(zones=owners))

    def allows_from(self, client: str) -> bool:
        """Whether a client may use it who has this address."""
        if not self.addresses:
            return True
        address = ip_address(client.partition("%")[0])
        return any(address in each for each in self.addresses)


class PrimaryKey(NamedTuple):
    """A key by which zones are fetched from primaries."""

    key: UsableKey
    primaries: frozenset[Target]
    """Who may be asked with it; empty for whoever has a public address."""

    def refusal(self, origin: str, primary: Target) -> str:
        """Why a primary may not be asked for a zone with it; empty where it may.

        Anybody who may create a Zone may name an address. An address that is not public could be
        one that only this machine reaches, so whoever made the key has to name it, too.
        """
        name = self.key.name
        if not self.key.is_for(origin):
            return f"its key {name} is not for {origin}; add that to spec.zones of the TsigKey"
        if primary in self.primaries:
            return ""
        if self.primaries:
            return f"its key {name} is not for it; add it to spec.primaries of the TsigKey"
        if prefixes.is_public(primary.address):
            return ""
        return f"it has no public address; name it in spec.primaries of the TsigKey of {name}, too"


def for_primaries(
    keys: Iterable[TsigKey], usable: Mapping[Reference, UsableKey]
) -> dict[str, PrimaryKey]:
    """Those of the usable keys by which zones may be fetched, by the names of the TsigKeys."""
    return {
        key.reference.name: PrimaryKey(
            usable[key.reference],
            frozenset(Target(each.address, each.port) for each in key.spec.primaries),
        )
        for key in sorted(keys, key=lambda each: each.reference, reverse=True)
        if key.reference in usable and "primary" in key.spec.uses
    }


def for_gate(
    keys: Iterable[TsigKey], usable: Mapping[Reference, UsableKey]
) -> tuple[UsableKey, ...]:
    """Those of the usable keys that a gate accepts."""
    return tuple(
        usable[key.reference] for key in keys if key.reference in usable and key.is_for_gates
    )


def resolve(
    keys: Iterable[TsigKey], secrets: Mapping[Reference, Secret]
) -> tuple[dict[Reference, UsableKey], list[Violation]]:
    """The keys that can be used, by their TsigKeys, and what is wrong with the others."""
    found: dict[Reference, UsableKey] = {}
    owners: dict[str, Reference] = {}
    violations: list[Violation] = []
    for key in sorted(keys, key=lambda each: (each.metadata.creation_timestamp, each.reference)):
        reference = key.reference
        owner = owners.setdefault(key.name, reference)
        if owner != reference:
            message = f"{owner} has the name {key.name} already; give this key another keyName"
            violations.append(Violation(NAME_TAKEN, message, f"{reference}: spec.keyName"))
            continue
        where = f"{reference}: spec.secretRef"
        if key.secret_reference not in secrets:
            problem = f"there is no {key.secret_reference}"
            violations.append(Violation(MISSING, problem, where))
            continue
        secret, problem = _secret(key, secrets[key.secret_reference])
        if secret is None:
            violations.append(Violation(BAD_SECRET, problem, where))
            continue
        found[reference] = usable(key, secret)
    return found, violations


def usable(key: TsigKey, secret: bytes) -> UsableKey:
    """What a TsigKey allows whoever has these octets; the Zones of updates are not known yet."""
    zones = frozenset(names.normalise(each) for each in key.spec.zones if each != ALL_ZONES)
    return UsableKey(
        key.name,
        key.spec.algorithm,
        secret,
        None if ALL_ZONES in key.spec.zones else zones,
        tuple(Target(each.address, each.port) for each in key.spec.secondaries),
        tuple(map(ip_network, key.spec.addresses)),
        "transfer" in key.spec.uses,
        _updates(key),
    )


def _updates(key: TsigKey) -> Updates | None:
    spec = key.spec
    if "update" not in spec.uses:
        return None
    types = None if spec.types is None else frozenset(map(rrtypes.normalise, spec.types))
    return Updates(spec.names or (EVERY_NAME,), types, spec.wait or "Programmed", {})


def _secret(key: TsigKey, secret: Secret) -> tuple[bytes | None, str]:
    """The octets of a key, or what is wrong; what is wrong never shows any of them."""
    wanted = key.spec.secret_ref
    text = secret.value(wanted.key)
    if text is None:
        return None, f"{key.secret_reference} has no key {wanted.key}"
    try:
        octets = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        return None, (
            f"key {wanted.key} of {key.secret_reference} is not Base64; put what tsig-keygen "
            "prints as the secret there, under stringData"
        )
    if not MIN_SECRET <= len(octets) <= MAX_SECRET:
        return None, (
            f"key {wanted.key} of {key.secret_reference} has {len(octets)} octets, at least "
            f"{MIN_SECRET} and at most {MAX_SECRET} are allowed"
        )
    return octets, ""


def encode(keys: Iterable[UsableKey]) -> bytes:
    """The table that a gate reads; it has the secrets."""
    rows = [
        {
            "name": each.name,
            "algorithm": each.algorithm,
            "secret": base64.b64encode(each.secret).decode(),
            "zones": None if each.zones is None else sorted(each.zones),
            "secondaries": each.secondaries,
            "addresses": [str(prefix) for prefix in each.addresses],
            "transfers": each.transfers,
            "updates": None if each.updates is None else _encoded(each.updates),
        }
        for each in keys
    ]
    return json.dumps({"keys": rows}, indent=1).encode()


def _encoded(updates: Updates) -> dict[str, Any]:
    zones = sorted(updates.zones.items())
    return {
        "names": updates.names,
        "types": None if updates.types is None else sorted(updates.types),
        "wait": updates.wait,
        "zones": {origin: [zone.namespace, zone.name] for origin, zone in zones},
    }


def decode(table: bytes) -> list[UsableKey]:
    """What `encode` made; ValueError for anything else."""
    try:
        return [_row(each) for each in json.loads(table)["keys"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("this is no table of TSIG keys") from None


def _row(row: Any) -> UsableKey:
    return UsableKey(
        names.normalise(row["name"]),
        str(row["algorithm"]),
        base64.b64decode(row["secret"], validate=True),
        None if row["zones"] is None else frozenset(row["zones"]),
        tuple(Target(str(address), int(port)) for address, port in row["secondaries"]),
        tuple(map(ip_network, row.get("addresses", ()))),
        bool(row.get("transfers", True)),
        None if row.get("updates") is None else _decoded(row["updates"]),
    )


def _decoded(row: Any) -> Updates:
    if row["wait"] not in ("Programmed", "Propagated"):
        raise ValueError(row["wait"])
    return Updates(
        tuple(map(str, row["names"])),
        None if row["types"] is None else frozenset(map(str, row["types"])),
        row["wait"],
        {
            str(origin): Reference("Zone", str(namespace), str(name))
            for origin, (namespace, name) in row["zones"].items()
        },
    )
