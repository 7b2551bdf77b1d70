"""What the statuses of Zones claim to be live, compared with what every edge answers then.

The first record of each Zone is a TXT `probe` with a counter, which rises with each change. A claim
is a condition `Propagated` that is True: from then on no edge may answer a lower counter
than the spec of that generation has.
"""

import threading
from collections.abc import Sequence
from typing import Any, Self

import dns.exception
import dns.message
import dns.query
import dns.rcode
from cluster.namespaces import Node
from kubernetes import client, watch

Object = dict[str, Any]
Server = tuple[str, int]

ZONES = {"group": "dnsfleet.io", "version": "v1alpha1", "namespace": "default", "plural": "zones"}
CHANGE_SECONDS = 30
"""The longest until a change is propagated where nothing was disturbed."""
STREAM_SECONDS = 1
"""How long one watch lasts: how late its end is noticed."""
ANSWER_SECONDS = 5.0


def change(
    api: client.CustomObjectsApi, name: str, spec: Object, seconds: int = CHANGE_SECONDS
) -> None:
    """Replace the spec of a Zone; returns as soon as the API server says Propagated."""
    changed = api.patch_namespaced_custom_object(**ZONES, name=name, body={"spec": spec})
    generation = changed["metadata"]["generation"]
    events = watch.Watch().stream(
        api.list_namespaced_custom_object,
        **ZONES,
        field_selector=f"metadata.name={name}",
        resource_version=changed["metadata"]["resourceVersion"],
        timeout_seconds=seconds,
    )
    if not any(propagated(event["object"]) == generation for event in events):
        raise AssertionError(f"generation {generation} of {name} not propagated in {seconds} s")


def propagated(zone: Object) -> int | None:
    """The generation that a Zone says is propagated; None for none."""
    for condition in zone.get("status", {}).get("conditions", []):
        if condition["type"] == "Propagated" and condition["status"] == "True":
            return int(condition["observedGeneration"])
    return None


def ask(server: Server, origin: str) -> int | None:
    """The counter of a zone that an edge answers now; None where it does not serve the zone."""
    query = dns.message.make_query(f"probe.{origin}.", "TXT")
    reply = dns.query.udp(query, server[0], port=server[1], timeout=ANSWER_SECONDS)
    if reply.rcode() == dns.rcode.REFUSED:
        return None
    return int(reply.answer[0][0].strings[0])


class StatusClaims:
    """Watches all Zones until it is left, and asks `servers` whenever one says Propagated.

    The watch tells the versions of an object one after the other, so the spec of the generation
    that a status speaks of was told before.
    """

    def __init__(self, api: client.CustomObjectsApi, node: Node, servers: Sequence[Server]) -> None:
        self.judged = 0
        self.wrong: list[str] = []
        """Claims that were not so, one line each."""
        self.removed: set[str] = set()
        """Names of Zones that are being deleted: their edges need not answer any more."""
        self._api = api
        self._node = node
        self._servers = servers
        self._counters: dict[tuple[str, int], int] = {}
        """By uid and generation."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claims", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._watch()
        except Exception as error:
            self.wrong.append(f"nobody watched from then on: {error!r}")

    def _watch(self) -> None:
        listed = self._api.list_namespaced_custom_object(**ZONES)
        version = listed["metadata"]["resourceVersion"]
        for zone in listed["items"]:
            self._judge(zone)
        while not self._stopping.is_set():
            for event in watch.Watch().stream(
                self._api.list_namespaced_custom_object,
                **ZONES,
                resource_version=version,
                timeout_seconds=STREAM_SECONDS,
            ):
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "DELETED":
                    self._judge(event["object"])

    def _judge(self, zone: Object) -> None:
        metadata, spec = zone["metadata"], zone["spec"]
        self._counters[metadata["uid"], metadata["generation"]] = int(spec["records"][0]["data"][0])
        generation = propagated(zone)
        if generation is None:
            return
        claimed = self._counters.get((metadata["uid"], generation))
        if claimed is None:
            return  # it is of before the watch began
        self.judged += 1
        with self._node.on_client():
            found = {server: _asked(server, spec["origin"]) for server in self._servers}
        if metadata["name"] not in self.removed:
            self.wrong += [
                f"{server} answers {answer}, {metadata['name']}: {claimed} is propagated"
                for server, answer in found.items()
                if not isinstance(answer, int) or answer < claimed
            ]


def _asked(server: Server, origin: str) -> int | str | None:
    """The counter, None where the zone is refused, or what went wrong."""
    try:
        return ask(server, origin)
    except (OSError, dns.exception.DNSException, LookupError) as error:
        return repr(error)
