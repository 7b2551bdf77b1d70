"""A cluster that joined a fleet: its operator in role `pop`, on an API server in memory."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from dnsfleet.replication import ack_slots, pop_slots
from dnsfleet.replication.acks import Ack
from dnsfleet_operator.cluster import Object
from dnsfleet_operator.configuration import from_environment
from dnsfleet_operator.controller import Controller
from dnsfleet_operator.joined.terms import JoinedTerm
from dnsfleet_operator.metrics import Metrics
from dnsfleet_operator.pops.configs import ACKS_DATABASE
from dnsfleet_publisher import redis_users

from support.controlled_fleets import DEADLINE_SECONDS, NAMESPACE
from support.core_servers import PUBLISHER_USER
from support.memory_clusters import MemoryCluster
from support.valkey import Valkey
from support.waiting import wait_for

POP_USER = (
    f"user pop-fra on >right resetchannels -@all %RW~{pop_slots.pattern('fra')} +set +getrange "
    "+ping +hello +auth +client|setinfo +client|setname"
)
OPERATOR_USER = re.sub("#[0-9a-f]+", "nopass", redis_users.acl({"operator": ""}).splitlines()[1])


@contextmanager
def core_of_pops(folder: Path) -> Iterator[Valkey]:
    """A core with the users of its writer and of the Pop fra."""
    valkey = Valkey(folder, users=[PUBLISHER_USER, POP_USER])
    valkey.start()
    yield valkey
    valkey.kill()


@contextmanager
def replica_of_pop(folder: Path, core: Valkey) -> Iterator[Valkey]:
    """The replica of the Pop, which takes every password of the operator."""
    valkey = Valkey(folder, core, users=[OPERATOR_USER])
    valkey.start()
    with valkey.client() as client:
        client.config_set("replica-read-only", "no")
    yield valkey
    valkey.kill()


class JoinedCluster:
    """Its controller leads while it is entered, and may be entered again, as after a restart.

    The replica is a Valkey of the test: there are no pods.
    """

    def __init__(self, pop: str, core: Valkey, replica: Valkey, public_key: str) -> None:
        self.cluster = MemoryCluster()
        self.pop = pop
        self._core, self._replica = core, replica
        self.join(public_key)
        self.controller = self._controller()

    def __enter__(self) -> Self:
        self.controller = self._controller()
        self.controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.controller.stop()

    def _controller(self) -> Controller:
        configuration = from_environment(
            {
                "DNSFLEET_NAMESPACE": NAMESPACE,
                "POD_NAME": "operator-1",
                "DNSFLEET_EDGE_IMAGE": "edge",
                "DNSFLEET_CORE_HOST": "127.0.0.1",
                "DNSFLEET_CORE_PORT": str(self._core.port),
                "DNSFLEET_ROLE": "pop",
            }
        )
        place = f"127.0.0.1:{self._replica.port}"
        return Controller(
            self.cluster,
            configuration,
            lambda given: JoinedTerm(given, lambda _: place),
            Metrics(),
            lambda: True,
        )

    def join(self, public_key: str, password: str = "right") -> None:
        """Apply a join Secret."""
        entries = {
            "core-address": f"127.0.0.1:{self._core.port}",
            "username": f"pop-{self.pop}",
            "password": password,
            "public-key": public_key,
            "pop": self.pop,
        }
        data = {key: base64.b64encode(text.encode()).decode() for key, text in entries.items()}
        metadata = {"name": "dnsfleet-join", "namespace": NAMESPACE}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
        self.cluster.put(secret)

    def put(self, wanted: Object) -> Object:
        """Make or change an object, and tell of it."""
        made = self.cluster.put(wanted)
        self.controller.event(made["kind"], made, deleted=False)
        return made

    def get(self, kind: str, name: str) -> Object | None:
        """An object of the Pop, or the Pop itself."""
        return self.cluster.get(kind, name, "" if kind == "Pop" else NAMESPACE)

    def spec(self) -> Object:
        """The spec of the Pop object; empty while there is none."""
        return dict((self.get("Pop", self.pop) or {}).get("spec") or {})

    def wait_for_spec(self, **wanted: object) -> None:
        """Wait until the Pop object has just this spec."""
        wait_for(f"the spec is {wanted}", lambda: self.spec() == wanted, DEADLINE_SECONDS)

    def condition(self, kind: str) -> tuple[str, str]:
        """Reason and message of a condition of the Pop object."""
        status = (self.get("Pop", self.pop) or {}).get("status") or {}
        for each in status.get("conditions", ()):
            if each["type"] == kind:
                return each["reason"], each["message"]
        return "", ""

    def wait_for_reason(self, kind: str, reason: str) -> str:
        """Wait until the Pop shows a condition there with this reason; its message."""
        what = f"{kind} is {reason}"
        wait_for(what, lambda: self.condition(kind)[0] == reason, DEADLINE_SECONDS)
        return self.condition(kind)[1]

    def say(self, edge: str, ack: Ack) -> None:
        """An edge says this to the replica."""
        with self._replica.client() as client:
            client.select(ACKS_DATABASE)
            field = f"{self.pop}/{edge}"
            slot = ack_slots.order(field)[0]
            client.set(ack_slots.key(slot), ack_slots.encode(field, ack))
