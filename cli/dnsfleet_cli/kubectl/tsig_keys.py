"""A TSIG key: its objects, and the lines of the secondaries that use it. Pure."""

import base64
import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

from dnsfleet import names, resources
from dnsfleet.resources import TsigKey
from dnsfleet.resources.tsig_keys import ALL_ZONES

from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble

DIGEST_OCTETS = {"hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}
"""A secret as long as the digest (RFC 2104 section 3)."""
SOME_ZONE = "example.com"
"""Stands in the lines for a key of all zones."""


_SECONDARY = (
    re.compile(r"\[([^]]+)\](?::([0-9]{1,5}))?"),
    re.compile(r"([^:]+)(?::([0-9]{1,5}))?"),
    re.compile(r"([^]:[]*(?::[^]:[]*){2,})()"),
)
"""An address in brackets, one without colons, and one of IPv6; then the port."""


class Pair(NamedTuple):
    """A TsigKey and its Secret, as they are applied."""

    key: Object
    secret: Object

    def document(self) -> dict[str, Any]:
        """Both in one, which `kubectl apply` takes."""
        return {"apiVersion": "v1", "kind": "List", "items": [self.key, self.secret]}

    def words(self, gate: str) -> dict[str, str]:
        """What the configuration of each program is told; `gate` is an address."""
        (secret,) = self.secret["stringData"].values()
        return {
            "key": self.key["metadata"]["name"],
            "algorithm": self.key["spec"]["algorithm"],
            "secret": secret,
            "gate": gate,
        }


def make(
    name: str, namespace: str, octets: bytes, algorithm: str, zones: Sequence[str], **more: Any
) -> Pair:
    """The objects; Trouble names each field that means nothing.

    `more` are further fields of the spec; empty ones are left out.
    """
    metadata = {"name": name, "namespace": namespace}
    spec = {
        "algorithm": algorithm,
        "secretRef": {"name": name},
        "zones": list(zones),
        **{field: value for field, value in more.items() if value},
    }
    key = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "TsigKey", "metadata": metadata}
    found, violations = resources.parse({**key, "spec": spec}, "")
    if not isinstance(found, TsigKey):
        raise Trouble("\n".join(f"{each.where[2:]}: {each.message}" for each in violations))
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": "Opaque",
        "stringData": {found.spec.secret_ref.key: base64.b64encode(octets).decode()},
    }
    return Pair({**key, "spec": spec}, secret)


def secondary(text: str) -> dict[str, Any]:
    """`ADDRESS`, `ADDRESS:PORT` or `[ADDRESS]:PORT` as a TsigKey has it; Trouble for other text."""
    found = next(filter(None, (each.fullmatch(text) for each in _SECONDARY)), None)
    host, port = found.groups() if found else ("", "")
    try:
        address = str(ip_address(host))
        return {"address": address, **({"port": int(port)} if port else {})}
    except ValueError:
        raise Trouble(
            f"--secondary {text}: no address with a port; write one such as 192.0.2.53, "
            "192.0.2.53:5300 or [2001:db8::53]:5300"
        ) from None


def spelled(origin: str) -> str:
    """An origin as all programs read it: in A-labels and lower case, without the dot at its end."""
    return names.normalise(origin).removesuffix(".") or names.ROOT


def lines(pair: Pair, gate: str) -> str:
    """What the secondary is told, for Knot DNS, NSD and BIND; `gate` is an address."""
    zones = pair.key["spec"]["zones"]
    zones = [SOME_ZONE] if ALL_ZONES in zones else [spelled(each) for each in zones]
    given = pair.words(gate)
    parts = []
    for title, head, each in ((_KNOT_TITLE, _KNOT, _KNOT_ZONE), (_NSD_TITLE, _NSD, _NSD_ZONE)):
        body = "".join(each.format(zone=zone, **given) for zone in zones)
        parts.append(f"{title}\n\n{head.format(**given)}{body}")
    body = "".join(_BIND_ZONE % {"zone": zone, **given} for zone in zones)
    parts.append(f"{_BIND_TITLE}\n\n{_BIND % given}{body}")
    return "\n".join(parts)


_KNOT_TITLE = "# Knot DNS, knot.conf"
_KNOT = """\
key:
  - id: {key}
    algorithm: {algorithm}
    secret: {secret}
remote:
  - id: {key}-gate
    address: {gate}
    key: {key}
acl:
  - id: {key}-notifies
    key: {key}
    action: notify
zone:
"""
_KNOT_ZONE = """\
  - domain: {zone}
    master: {key}-gate
    acl: [{key}-notifies]
"""
_NSD_TITLE = "# NSD, nsd.conf"
_NSD = """\
key:
    name: "{key}"
    algorithm: {algorithm}
    secret: "{secret}"
"""
_NSD_ZONE = """\
zone:
    name: "{zone}"
    zonefile: "{zone}.zone"
    request-xfr: {gate} {key}
    allow-notify: 0.0.0.0/0 {key}
    allow-notify: ::/0 {key}
"""
_BIND_TITLE = "// BIND, named.conf"
_BIND = """\
key "%(key)s" {
    algorithm %(algorithm)s;
    secret "%(secret)s";
};
"""
_BIND_ZONE = """\
zone "%(zone)s" {
    type secondary;
    file "%(zone)s.zone";
    primaries { %(gate)s key "%(key)s"; };
    allow-notify { key "%(key)s"; };
};
"""
