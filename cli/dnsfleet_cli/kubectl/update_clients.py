"""What the programs are told that send updates (RFC 2136) by a TSIG key. Pure.

The example for nsupdate changes a name that the key may change, so it can be tried as it is.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from dnsfleet import names

from dnsfleet_cli.kubectl.tsig_keys import Pair, spelled

CERT_MANAGER = {"hmac-sha256": "HMACSHA256", "hmac-sha512": "HMACSHA512"}
"""Its words for the algorithms; without one it signs with MD5. It has none for the others."""
TRIED = {"A": "192.0.2.1", "AAAA": "2001:db8::1", "TXT": '"test"', "CNAME": "www.example.net."}
"""Types that the example adds, with addresses and names for documentation (RFC 5737, RFC 3849)."""


def lines(pair: Pair, gate: str) -> str:
    """Configuration of nsupdate, cert-manager, ExternalDNS and Terraform; `gate` is an address."""
    spec = pair.key["spec"]
    given = {
        **pair.words(gate),
        "zone": names.normalise(spec["zones"][0]),
        "change": _change(spec),
    }
    parts = [_NSUPDATE % given, _cert_manager(spec, given), _external_dns(spec, given)]
    return "\n".join([*parts, _TERRAFORM % given])


def _change(spec: Mapping[str, Sequence[str]]) -> str:
    """A line of nsupdate that the key allows."""
    owner = _example(spec.get("names", ("*",))[0], names.normalise(spec["zones"][0]))
    types = spec.get("types") or ("TXT",)
    rtype = next((each for each in types if each in TRIED), None)
    if rtype is None:
        return f"update delete {owner} {types[0]}"
    return f"update add {owner} 60 {rtype} {TRIED[rtype]}"


def _example(pattern: str, zone: str) -> str:
    """A name that a pattern of a TsigKey fits."""
    if pattern == "@":
        return zone
    if pattern.endswith("*"):
        pattern = pattern.removesuffix("*").removesuffix(".") or "test"
    elif pattern.startswith("*."):
        pattern = f"test{pattern.removeprefix('*').removesuffix('.@')}"
    return names.normalise(pattern, zone)


def _cert_manager(spec: Mapping[str, Any], given: Mapping[str, str]) -> str:
    algorithm = CERT_MANAGER.get(given["algorithm"])
    if algorithm is None:
        return f"# cert-manager has no {given['algorithm']}; make a key with another --algorithm\n"
    host = given["gate"]
    if ip_address(host).version == 6:
        host = f"[{host}]"
    lines = _CERT_MANAGER % {**given, "host": host, "word": algorithm}
    return lines + (_NO_SELF_CHECK if spec.get("wait") == "Propagated" else "")


def _external_dns(spec: Mapping[str, Sequence[str]], given: Mapping[str, str]) -> str:
    # With a dot at its end an origin has no name of ExternalDNS.
    origins = [spelled(each) for each in spec["zones"]]
    zones = "".join(
        f"  - --{option}={each}\n"
        for option in ("domain-filter", "rfc2136-zone")
        for each in origins
    )
    reads = "  - --rfc2136-axfr\n"
    if "transfer" not in spec["for"]:
        reads = (
            "  # It reads no zone, so it removes no record; --for transfer beside --for update\n"
            "  # makes a key with which it can (and --rfc2136-axfr).\n"
        )
    return _EXTERNAL_DNS % {**given, "zones": zones, "reads": reads}


_NSUPDATE = """\
# nsupdate: the file %(key)s.key
key "%(key)s" {
    algorithm %(algorithm)s;
    secret "%(secret)s";
};

# nsupdate: one change, to try it
nsupdate -k %(key)s.key <<'EOF'
server %(gate)s
zone %(zone)s
%(change)s
send
EOF
"""
_CERT_MANAGER = """\
# cert-manager: a Secret in its namespace, and a solver of a ClusterIssuer
apiVersion: v1
kind: Secret
metadata: {name: %(key)s, namespace: cert-manager}
stringData:
  secret: "%(secret)s"
---
dns01:
  rfc2136:
    nameserver: "%(host)s:53"
    tsigKeyName: "%(key)s"
    tsigAlgorithm: %(word)s
    tsigSecretSecretRef: {name: %(key)s, key: secret}
"""
_NO_SELF_CHECK = """\
waitInsteadOfSelfCheck: 0s  # cert-manager 1.21: the gate waits for the edges already
"""
_EXTERNAL_DNS = """\
# ExternalDNS: its container
args:
  - --provider=rfc2136
  - --policy=sync
  - --registry=txt
  - --txt-owner-id=%(key)s
  - --txt-prefix=%%{record_type}-owner.
  - --txt-wildcard-replacement=any
%(zones)s\
  - --rfc2136-host=%(gate)s
  - --rfc2136-port=53
  - --rfc2136-tsig-keyname=%(key)s
  - --rfc2136-tsig-secret-alg=%(algorithm)s
%(reads)s\
  - --rfc2136-min-ttl=60s
  - --rfc2136-batch-change-size=10
env:
  - {name: EXTERNAL_DNS_RFC2136_TSIG_SECRET, value: "%(secret)s"}
"""
_TERRAFORM = """\
# Terraform, hashicorp/dns
provider "dns" {
  update {
    server        = "%(gate)s"
    key_name      = "%(key)s."
    key_algorithm = "%(algorithm)s"
    key_secret    = "%(secret)s"
  }
}
"""
