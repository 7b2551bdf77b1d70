"""TsigKeys at a real API server: what an operator makes of them, and what people are told."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import builds
from dnsfleet import tsig_keys
from support.api_operators import NAMESPACE, api_operator
from support.kube_api_servers import KubeAPIServer, kube_api_server
from support.waiting import wait_for

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes)."""
SECONDS = 90.0
KEYS = f"/apis/dnsfleet.io/v1alpha1/namespaces/{NAMESPACE}/tsigkeys"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
TABLE = f"{SECRETS}/dnsfleet-tsig-keys"

pytestmark = pytest.mark.timeout(START_SECONDS)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeAPIServer]:
    """An API server, and the operator of a release with a gate."""
    with (
        kube_api_server(tmp_path_factory.mktemp("api")) as server,
        api_operator(server, tmp_path_factory.mktemp("operator"), {"DNSFLEET_GATE": "true"}),
    ):
        yield server


def make(api: KubeAPIServer, path: str, body: Object) -> None:
    status, said, _ = api.ask("POST", path, body)
    assert status == 201, said


def delete(api: KubeAPIServer, path: str) -> None:
    status, said, _ = api.ask("DELETE", path)
    assert status == 200, said


def make_key(api: KubeAPIServer, name: str, **spec: Any) -> None:
    whole = {"secretRef": {"name": name}, "zones": ["example.com"], "for": ["transfer"], **spec}
    make(api, KEYS, tsig_key(name, whole))


def tsig_key(name: str, spec: Object, namespace: str = NAMESPACE) -> Object:
    metadata = {"name": name, "namespace": namespace}
    made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "TsigKey"}
    return {**made, "metadata": metadata, "spec": spec}


def make_secret(api: KubeAPIServer, name: str, octets: bytes) -> None:
    text = base64.b64encode(octets).decode()
    metadata = {"name": name, "namespace": NAMESPACE}
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    make(api, SECRETS, {**made, "stringData": {"secret": text}})


def given(api: KubeAPIServer) -> dict[str, bytes]:
    """Name and secret of each key that gates are given."""
    status, found, _ = api.ask("GET", TABLE)
    if status != 200:
        return {}
    table = base64.b64decode(found["data"]["tsig-keys.json"])
    return {key.name: key.secret for key in tsig_keys.decode(table)}


def reason(api: KubeAPIServer, name: str) -> str:
    """Of the condition Ready, of the object as it is now."""
    found = api.ask("GET", f"{KEYS}/{name}")[1]
    (condition,) = found["status"]["conditions"]
    if condition.get("observedGeneration") != found["metadata"]["generation"]:
        return ""
    return str(condition["reason"])


def test_a_new_key_waits_for_the_operator_and_then_for_its_secret(api: KubeAPIServer) -> None:
    make_key(api, "first")
    wait_for("it is judged", lambda: reason(api, "first") == "NoSecret", SECONDS)
    make_secret(api, "first", b"a" * 32)
    wait_for("it is given", lambda: reason(api, "first") == "Given", SECONDS)
    assert given(api)["first."] == b"a" * 32
    found = api.ask("GET", f"{KEYS}/first")[1]
    assert found["status"]["keyName"] == "first."
    assert found["spec"] == {
        "secretRef": {"name": "first"},
        "zones": ["example.com"],
        "for": ["transfer"],
    }, "nothing is written into a spec"


def test_a_secret_that_is_gone_for_a_moment_takes_no_key_away(api: KubeAPIServer) -> None:
    make_key(api, "kept")
    make_secret(api, "kept", b"b" * 32)
    wait_for("it is given", lambda: reason(api, "kept") == "Given", SECONDS)
    delete(api, f"{SECRETS}/kept")
    wait_for("it is noticed", lambda: reason(api, "kept") == "NoSecret", SECONDS)
    assert given(api)["kept."] == b"b" * 32
    delete(api, TABLE)
    wait_for("it is made again", lambda: api.ask("GET", TABLE)[0] == 200, SECONDS)
    assert "kept." not in given(api), "with both of them deleted the secret is lost"
    make_secret(api, "kept", b"c" * 32)
    wait_for("it is given", lambda: given(api).get("kept.") == b"c" * 32, SECONDS)


def test_a_key_is_exchanged_for_another_one_with_an_overlap(api: KubeAPIServer) -> None:
    for name, octets in (("old", b"d" * 32), ("new", b"e" * 32)):
        make_key(api, name)
        make_secret(api, name, octets)
    wait_for("both", lambda: {"old.", "new."} <= given(api).keys(), SECONDS)
    delete(api, f"{KEYS}/old")
    wait_for("it ends", lambda: "old." not in given(api), SECONDS)
    assert given(api)["new."] == b"e" * 32


def test_of_two_keys_with_one_name_the_older_one_has_it(api: KubeAPIServer) -> None:
    make_key(api, "mine", secretRef={"name": "mine"})
    make_secret(api, "mine", b"f" * 32)
    wait_for("it is given", lambda: reason(api, "mine") == "Given", SECONDS)
    make_key(api, "theirs", keyName="MINE.", secretRef={"name": "mine"})
    wait_for("it is refused", lambda: reason(api, "theirs") == "NameTaken", SECONDS)
    events = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"

    def told() -> list[str]:
        found = api.ask("GET", events)[1]["items"]
        return [each["reason"] for each in found if each["regarding"].get("name") == "theirs"]

    wait_for("an Event", lambda: told() == ["NameTaken"], SECONDS)


def test_a_key_for_updates_comes_with_the_zones_of_its_origins(api: KubeAPIServer) -> None:
    make_secret(api, "updates", b"u" * 32)
    make_key(api, "updates", zones=["up.example", "later.example"], **{"for": ["update"]})
    wait_for("it is given", lambda: reason(api, "updates") == "Given", SECONDS)

    def zones() -> set[str]:
        table = base64.b64decode(api.ask("GET", TABLE)[1]["data"]["tsig-keys.json"])
        (key,) = (each for each in tsig_keys.decode(table) if each.name == "updates.")
        assert key.updates is not None and not key.transfers
        return {str(each) for each in key.updates.zones.values()}

    def message() -> str:
        (condition,) = api.ask("GET", f"{KEYS}/updates")[1]["status"]["conditions"]
        return str(condition["message"])

    wait_for("both are missed", lambda: "later.example., up.example." in message(), SECONDS)
    spec = {"origin": "up.example", "nameServers": ["ns1.up.example."]}
    made = {"apiVersion": "dnsfleet.io/v1alpha1", "kind": "Zone", "metadata": {"name": "up"}}
    api.create({**made, "spec": spec})
    wait_for("gates know it", lambda: zones() == {"Zone default/up"}, SECONDS)
    wait_for("one is missed", lambda: "no Zone has later.example., so" in message(), SECONDS)
    delete(api, "/apis/dnsfleet.io/v1alpha1/namespaces/default/zones/up")
    wait_for("gates know it", lambda: not zones(), SECONDS)


def create(folder: Path, api: KubeAPIServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`kubectl dnsfleet tsig create` with these arguments."""
    kubeconfig = api.kubeconfig(folder / "kubeconfig")
    command = [sys.executable, "-m", "dnsfleet_cli.kubectl", "--kubeconfig", str(kubeconfig)]
    whole = [*command, "-n", NAMESPACE, "tsig", "create", *arguments]
    return subprocess.run(whole, capture_output=True, text=True, check=False)


def test_a_command_makes_a_key_and_tells_the_secondary(api: KubeAPIServer, tmp_path: Path) -> None:
    options = ("--zone", "example.com", "--zone", "example.org", "--secondary", "192.0.2.53:5300")
    more = ("--address", "192.0.2.0/24", "--algorithm", "hmac-sha512")
    shown = create(tmp_path, api, "made", *options, "-o", "yaml")
    assert shown.returncode == 0, shown.stderr
    assert [each["kind"] for each in yaml.safe_load(shown.stdout)["items"]] == ["TsigKey", "Secret"]
    assert api.ask("GET", f"{KEYS}/made")[0] == 404

    done = create(tmp_path, api, "made", *options, *more)
    assert done.returncode == 0, done.stderr
    assert "no address of a gate is known" in done.stderr
    wait_for("it is given", lambda: reason(api, "made") == "Given", SECONDS)
    secret = base64.b64encode(given(api)["made."]).decode()
    assert done.stdout.count(secret) == 3
    assert api.ask("GET", f"{KEYS}/made")[1]["spec"] == {
        "algorithm": "hmac-sha512",
        "secretRef": {"name": "made"},
        "zones": ["example.com", "example.org"],
        "for": ["transfer"],
        "secondaries": [{"address": "192.0.2.53", "port": 5300}],
        "addresses": ["192.0.2.0/24"],
    }

    again = create(tmp_path, api, "made", *options)
    assert again.returncode == 2 and "is there already" in again.stderr
    assert given(api)["made."] == base64.b64decode(secret)


def test_the_lines_name_the_gate_and_are_understood(api: KubeAPIServer, tmp_path: Path) -> None:
    labels = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "gate"}
    metadata = {"name": "dnsfleet-gate", "namespace": NAMESPACE, "labels": labels}
    spec = {"type": "ClusterIP", "ports": [{"port": 53, "protocol": "UDP"}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
    make(api, f"/api/v1/namespaces/{NAMESPACE}/services", service)
    gate = api.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/services/dnsfleet-gate")[1]["spec"]
    done = create(tmp_path, api, "lines", "--zone", "example.com", "--zone", "example.org")
    assert done.returncode == 0, done.stderr
    knot, nsd, bind = re.split(r"^(?:#|//) .*$", done.stdout, flags=re.MULTILINE)[1:]
    for name, text, check in (
        ("knot.conf", knot, ["knotc", "--config", "{}", "conf-check"]),
        ("nsd.conf", nsd, ["nsd-checkconf", "{}"]),
        ("named.conf", bind, ["named-checkconf", "{}"]),
    ):
        assert gate["clusterIP"] in text
        path = tmp_path / name
        path.write_text(text)
        command = [each.format(path) for each in check]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_command_makes_a_key_for_updates(api: KubeAPIServer, tmp_path: Path) -> None:
    labels = {"app.kubernetes.io/name": "dnsfleet", "app.kubernetes.io/component": "gate-updates"}
    metadata = {"name": "dnsfleet-gate-updates", "namespace": NAMESPACE, "labels": labels}
    spec = {"type": "ClusterIP", "ports": [{"port": 53, "protocol": "UDP"}]}
    services = f"/api/v1/namespaces/{NAMESPACE}/services"
    make(api, services, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    gate = api.ask("GET", f"{services}/dnsfleet-gate-updates")[1]["spec"]["clusterIP"]
    options = ("--zone", "example.com", "--names", "_acme-challenge.*", "--types", "TXT")
    refused = create(tmp_path, api, "acme", *options)
    assert refused.returncode == 2
    assert "spec.names: this is about updates; add update to for" in refused.stderr
    done = create(tmp_path, api, "acme", *options, "--for", "update", "--wait", "Propagated")
    assert done.returncode == 0, done.stderr
    wait_for("it is given", lambda: reason(api, "acme") == "Given", SECONDS)
    assert api.ask("GET", f"{KEYS}/acme")[1]["spec"] == {
        "algorithm": "hmac-sha256",
        "secretRef": {"name": "acme"},
        "zones": ["example.com"],
        "for": ["update"],
        "names": ["_acme-challenge.*"],
        "types": ["TXT"],
        "wait": "Propagated",
    }
    key, script = re.split(r"^# .*$", done.stdout, flags=re.MULTILINE)[1:3]
    path = tmp_path / "acme.key"
    path.write_text(key)
    command = ["named-checkconf", str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"server {gate}\n" in script
    assert "update add _acme-challenge.example.com. 60 TXT" in script
    assert "Knot" not in done.stdout, "it transfers nothing"


@pytest.mark.parametrize(
    "spec",
    [
        {"algorithm": "hmac-md5"},
        {"zones": []},
        {"for": ["notify"]},
        {"for": ["update"], "zones": ["*"]},
        {"for": ["update"], "types": ["SOA"]},
        {"names": ["www"]},
        {"wait": "Propagated"},
        {"secondaries": [{"address": "192.0.2.1", "port": 0}]},
        {"addresses": ["192.0.2.1"]},
        {"secretRef": {}},
    ],
)
def test_what_means_nothing_is_refused_at_once(api: KubeAPIServer, spec: Object) -> None:
    usual = {"secretRef": {"name": "s"}, "zones": ["example.com"], "for": ["transfer"]}
    status, _, _ = api.ask("POST", KEYS, tsig_key("refused", usual | spec))
    assert status == 422


def test_whoever_makes_a_key_in_another_namespace_is_told(api: KubeAPIServer) -> None:
    command = [builds.programs()["helm"], "template", "dnsfleet", CHART, "-n", NAMESPACE]
    options = ["--set", "gate.enabled=true", "-s", "templates/gate.yaml"]
    text = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=True).stdout
    policies = [each for each in yaml.safe_load_all(text) if each["kind"].startswith("Validating")]
    assert len(policies) == 2
    for each in policies:
        api.create(each)
    spec = {"secretRef": {"name": "s"}, "zones": ["example.com"], "for": ["transfer"]}

    def told(namespace: str) -> list[str]:
        path = f"/apis/dnsfleet.io/v1alpha1/namespaces/{namespace}/tsigkeys?dryRun=All"
        status, said, warnings = api.ask("POST", path, tsig_key("elsewhere", spec, namespace))
        assert status == 201, said
        return warnings

    wait_for("the policy is in force", lambda: told("default"), SECONDS)
    (warning,) = told("default")
    assert f"only those in the namespace {NAMESPACE}" in warning
    assert told(NAMESPACE) == []
