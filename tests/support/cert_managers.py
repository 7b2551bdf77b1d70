"""cert-manager as it is: it gets certificates by ACME and DNS-01.

It puts TXT records by updates (RFC 2136) that are signed by TSIG, tells the ACME server, and
removes them when it has the certificate. An API server is enough: DNS-01 needs no pods. Its webhook
is left out; that refuses wrong objects, and converts no version that these CRDs have.

How long a certificate takes is a setting of the Issuer. By itself cert-manager asks for the record
until it is there and then waits for 60 s, whatever its TTL. `waitInsteadOfSelfCheck: 0s` leaves
both out: that is right where an update is answered when all name servers have it, and not before.

    with cert_manager(access, server, updated, folder) as running:
        seconds = running.issue({"www": ["www.example.com"]}, within=60)
"""

import base64
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from cluster import builds
from cluster.access import Access
from cryptography import x509

from support import acme_servers, pages
from support.acme_servers import Pebble, challenge
from support.updated_servers import UpdatedServer
from support.waiting import wait_for

Object = dict[str, Any]

NAMESPACE = ("--namespace", "default")
PAGE = "integrations/acme.md"
AT_ONCE = "at-once"
"""The Issuer of that page."""
CHECKING = "checking"
"""The same without `waitInsteadOfSelfCheck`. Each of the five workers of cert-manager asks for one
record at a time, and waits for 60 s when it is there."""
START_SECONDS = 60.0
GONE_SECONDS = 60.0
"""Until cert-manager has removed a record. It does so once it sees that the order is valid."""


class CertManager:
    """cert-manager in the namespace `default` of a cluster, with its Issuers."""

    def __init__(self, access: Access, server: Pebble, updated: UpdatedServer) -> None:
        self._access = access
        self._server = server
        self._updated = updated

    def issue(
        self, wanted: Mapping[str, Sequence[str]], within: float, issuer: str = AT_ONCE
    ) -> dict[str, float]:
        """Have Certificates made at once, each by name with its DNS names: the seconds until each
        was Ready. Each must be Ready in time and right, and no record may be left behind."""
        took = self._ready(wanted, within, issuer)
        for name, names in wanted.items():
            secret = self._access.get("secret", name, *NAMESPACE)
            chain = base64.b64decode(secret["data"]["tls.crt"])
            self._server.check(x509.load_pem_x509_certificates(chain), names)
        owners = {challenge(each) for names in wanted.values() for each in names}
        wait_for("no record is left", lambda: not any(map(self._updated.txt, owners)), GONE_SECONDS)
        return took

    def _ready(
        self, wanted: Mapping[str, Sequence[str]], within: float, issuer: str
    ) -> dict[str, float]:
        began = time.monotonic()
        self._access.apply(
            _manifests(_certificate(issuer, name, names) for name, names in wanted.items())
        )
        found: dict[str, float] = {}

        def all_ready() -> bool:
            for each in self._access.items("certificates", *NAMESPACE):
                name = each["metadata"]["name"]
                if name in wanted and _is_ready(each):
                    found.setdefault(name, time.monotonic() - began)
            return found.keys() == wanted.keys()

        try:
            left = within - (time.monotonic() - began)
            wait_for(f"{len(wanted)} Certificates are Ready", all_ready, left)
        except AssertionError as error:
            for kind in ("issuers", "certificates", "orders", "challenges"):
                error.add_note(self._access.kubectl("get", kind, *NAMESPACE, "--output=yaml"))
            raise
        return found


@contextmanager
def cert_manager(
    access: Access, server: Pebble, updated: UpdatedServer, folder: Path
) -> Iterator[CertManager]:
    """Install the definitions of cert-manager, run it with Issuers; `folder` gets its log."""
    files = [f"--filename={path}" for path in builds.cert_manager_definitions()]
    # They are too large for the annotation of a plain `kubectl apply`.
    access.kubectl("apply", "--server-side", *files)
    access.kubectl("wait", "--for=condition=Established", f"--timeout={START_SECONDS:g}s", *files)
    command: list[str | Path] = [
        builds.cert_manager(),
        f"--kubeconfig={access.kubeconfig}",
        "--namespace=default",
        f"--dns01-recursive-nameservers={updated.resolver}",
    ]
    with acme_servers.running(command, folder / "cert-manager.log", os.environ) as runs:
        access.apply(_manifests(_issuers(server, updated, folder)))
        access.wait("condition=Ready", START_SECONDS, "issuers", "--all", *NAMESPACE)
        yield CertManager(access, server, updated)
        runs()


def _manifests(objects: Iterable[Object]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": [*objects]})


def _issuers(server: Pebble, updated: UpdatedServer, folder: Path) -> list[Object]:
    """The Issuers AT_ONCE and CHECKING, after the Secret of the key."""
    pages.write_files(PAGE, folder)
    made = [yaml.safe_load((folder / "issuer.yaml").read_text()) for _ in range(2)]
    for name, issuer in zip((AT_ONCE, CHECKING), made, strict=True):
        issuer["metadata"] = {"name": name, "namespace": "default"}
        acme = issuer["spec"]["acme"]
        acme["server"] = server.directory
        acme["caBundle"] = base64.b64encode(server.authority.read_bytes()).decode()
        acme["privateKeySecretRef"]["name"] = f"{name}-account"
        acme["solvers"][0]["dns01"]["rfc2136"]["nameserver"] = updated.address
    del made[1]["spec"]["acme"]["solvers"][0]["waitInsteadOfSelfCheck"]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": updated.key, "namespace": "default"},
        "stringData": {"secret": updated.secret},
    }
    return [secret, *made]


def _certificate(issuer: str, name: str, dns_names: Sequence[str]) -> Object:
    spec = {"secretName": name, "dnsNames": [*dns_names], "issuerRef": {"name": issuer}}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": name, "namespace": "default"},
        "spec": spec,
    }


def _is_ready(certificate: Object) -> bool:
    conditions = certificate.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
