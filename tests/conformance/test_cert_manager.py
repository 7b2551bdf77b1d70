"""cert-manager gets certificates by DNS-01 from an ACME server, by updates of a gate and of named.

named shows that the programs are set up as people set them up: they need nothing that an
independent server does not give.
"""

import os
from collections.abc import Iterator

import pytest
from cluster import builds
from cluster.access import Access
from support.acme_servers import pebble
from support.cert_managers import CHECKING, CertManager, cert_manager
from support.kube_api_servers import kube_api_server
from support.updated_servers import ORIGIN, UpdatedServer, gate, named

pytestmark = [
    pytest.mark.skipif("ACME" not in os.environ, reason="it builds cert-manager: make e2e-acme"),
    pytest.mark.timeout(1800),
]

READY_SECONDS = 60.0
CHECKED_SECONDS = 120.0
"""With the 60 s that cert-manager waits by itself."""
COUNT = 10
"""Certificates that come at once."""


@pytest.fixture(scope="module", params=[gate, named])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[UpdatedServer]:
    with request.param(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def client(
    server: UpdatedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CertManager]:
    folder = tmp_path_factory.mktemp("acme")
    programs = builds.programs()
    with (
        kube_api_server(tmp_path_factory.mktemp("api")) as api,
        pebble(folder, server.resolver) as acme,
    ):
        kubeconfig = api.kubeconfig(folder / "kubeconfig")
        access = Access(kubeconfig, str(programs["kubectl"]), str(programs["helm"]))
        with cert_manager(access, acme, server, folder) as running:
            yield running


def test_ten_certificates_at_once(client: CertManager) -> None:
    wanted = {f"app{n}": [f"app{n}.{ORIGIN}"] for n in range(COUNT)}
    took = client.issue(wanted, READY_SECONDS)
    print(f"Ready after {' '.join(f'{seconds:.1f}' for seconds in sorted(took.values()))} s")


def test_a_wildcard_and_its_base(client: CertManager, server: UpdatedServer) -> None:
    """Both have their record at one name. cert-manager takes them one after the other."""
    took = client.issue({"all": [ORIGIN, f"*.{ORIGIN}"]}, READY_SECONDS)
    print(f"Ready after {took['all']:.1f} s")
    assert server.txt(ORIGIN) == {'"of others"'}


def test_the_check_of_cert_manager_itself(client: CertManager) -> None:
    took = client.issue({"checked": [f"checked.{ORIGIN}"]}, CHECKED_SECONDS, CHECKING)
    print(f"Ready after {took['checked']:.1f} s")
