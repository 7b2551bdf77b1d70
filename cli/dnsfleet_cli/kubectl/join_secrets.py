"""The Secret by which a Pop in a cluster of its own joins a fleet. Pure.

core-address          HOST:PORT of the core, for the tunnel
server-name           what the certificate there names
ca.crt                who has signed that certificate
tls.crt tls.key       what the Pop shows
username password     of the Pop's user on the core
public-key            by which the Pop verifies all that comes from there
pop                   its name
"""

import base64
from collections.abc import Mapping

from cryptography import x509
from dnsfleet.replication import pop_slots
from dnsfleet_publisher.key_secrets import PUBLIC_KEYS
from dnsfleet_publisher.pop_credentials import Credentials

from dnsfleet_cli.kubectl.objects import Object
from dnsfleet_cli.troubles import Trouble

NAME = "dnsfleet-join"


def make(
    pop: str,
    address: str,
    credentials: Credentials,
    certificate: Mapping[str, str],
    keys: Mapping[str, str],
    namespace: str,
) -> Object:
    """The Secret; `certificate` and `keys` are the texts in the Secrets of the core.

    Trouble where the certificate of the core is not whole.
    """
    if missing := [entry for entry in ("ca.crt", "tls.crt") if not certificate.get(entry)]:
        raise Trouble(
            f"the Secret with the certificate of the core lacks {', '.join(missing)}: a Pop could "
            "not verify it; take an issuer that gives a ca.crt, or add one"
        )
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": NAME,
            "namespace": namespace,
            "labels": {
                "app.kubernetes.io/name": "dnsfleet",
                "app.kubernetes.io/component": "join",
            },
        },
        "type": "Opaque",
        "stringData": {
            "core-address": address,
            "server-name": server_name(certificate["tls.crt"], address),
            "ca.crt": certificate["ca.crt"],
            "tls.crt": credentials.certificate,
            "tls.key": credentials.key,
            "username": pop_slots.user(pop),
            "password": credentials.passwords[0],
            "public-key": keys[PUBLIC_KEYS],
            "pop": pop,
        },
    }


def server_name(certificate: str, address: str) -> str:
    """What to look for in the certificate of the core: the address, or else its first name."""
    try:
        found = x509.load_pem_x509_certificate(certificate.encode())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        raise Trouble("the certificate of the core names nothing, or cannot be read") from None
    known = names.get_values_for_type(x509.DNSName)
    host = address.rpartition(":")[0].strip("[]")
    if host in (*known, *map(str, names.get_values_for_type(x509.IPAddress))):
        return host
    if not known:
        raise Trouble(f"the certificate of the core does not name {host}")
    return known[0]


def address_of(services: list[Object]) -> str | None:
    """Where load balancers lead to the core; None where there is none, or it has no address."""
    for service in services:
        ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
        for each in ingress:
            if host := each.get("hostname") or each.get("ip"):
                port = service["spec"]["ports"][0]["port"]
                return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return None


def texts(secret: Object) -> dict[str, str]:
    """The entries of a Secret."""
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}
