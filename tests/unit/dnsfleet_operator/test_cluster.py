"""What the operator makes of an API server's answers, over HTTP on the loopback."""

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import kubernetes
import pytest
import urllib3
from dnsfleet_operator.api_calls import APICalls
from dnsfleet_operator.cluster import Cluster, ClusterError, ConflictError
from dnsfleet_operator.write_limits import WriteLimit
from kubernetes.client.exceptions import ApiException
from prometheus_client import CollectorRegistry
from support.waiting import wait_for

LEASE = {"kind": "Lease", "metadata": {"name": "operator", "namespace": "dns"}}
ZONE = {"kind": "Zone", "metadata": {"name": "a", "namespace": "dns", "uid": "1"}}


class Server(ThreadingHTTPServer):
    """Gives what tests put into `answers`, and else the object that it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: queue.SimpleQueue[tuple[int, dict[str, str]]] = queue.SimpleQueue()
        self.heard: list[tuple[str, str]] = []
        """Method and path of each request."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) or b"{}"
        self.server.heard.append((self.command, self.path.partition("?")[0]))
        status, headers = 200, {}
        if not self.server.answers.empty():
            status, headers = self.server.answers.get()
            body = json.dumps({"kind": "Status", "message": "no", "code": status}).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - names of the library

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def counted() -> CollectorRegistry:
    """Where the calls of `cluster` are counted."""
    return CollectorRegistry()


@pytest.fixture
def cluster(server: Server, counted: CollectorRegistry) -> Iterator[Cluster]:
    configuration = kubernetes.client.Configuration(host=f"http://127.0.0.1:{server.server_port}")
    configuration.retries = False
    with kubernetes.client.ApiClient(configuration) as api:
        yield Cluster(api, APICalls(counted))
        api.rest_client.pool_manager.clear()


@pytest.mark.parametrize(
    ("status", "headers", "of_the_server", "retry_after"),
    [
        (429, {"Retry-After": "3"}, True, 3.0),
        (429, {}, True, 0.0),
        (503, {"Retry-After": "7"}, True, 7.0),
        (503, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, True, 0.0),
        (500, {}, False, 0.0),
        (422, {}, False, 0.0),
        (409, {}, False, 0.0),
    ],
)
def test_an_error_says_whom_it_is_about_and_when_to_try_again(
    server: Server,
    cluster: Cluster,
    status: int,
    headers: dict[str, str],
    of_the_server: bool,
    retry_after: float,
) -> None:
    server.answers.put((status, headers))
    with pytest.raises(ClusterError, match=rf"patch Zone dns/a: no \({status}\)") as caught:
        cluster.apply(ZONE, "status")
    assert caught.value.status == status
    assert caught.value.of_the_server is of_the_server
    assert caught.value.retry_after == retry_after
    assert isinstance(caught.value, ConflictError) is (status == 409)


def test_no_answer_is_about_the_server(server: Server) -> None:
    configuration = kubernetes.client.Configuration(host="http://127.0.0.1:9")
    configuration.retries = False
    with kubernetes.client.ApiClient(configuration) as api, pytest.raises(ClusterError) as caught:
        Cluster(api, APICalls(CollectorRegistry())).get("Zone", "a", "dns")
    assert (caught.value.status, caught.value.of_the_server) == (0, True)


def test_a_status_of_an_object_that_is_gone_is_none(server: Server, cluster: Cluster) -> None:
    server.answers.put((404, {}))
    assert cluster.apply(ZONE, "status") is None


Write = Callable[[Cluster], object]
WRITES: list[Write] = [
    lambda cluster: cluster.apply(ZONE, "status"),
    lambda cluster: cluster.create(ZONE),
    lambda cluster: cluster.replace(ZONE),
    lambda cluster: cluster.delete(ZONE),
]


@pytest.mark.parametrize("write", WRITES)
def test_no_write_is_sent_while_the_server_wants_none(
    server: Server, cluster: Cluster, write: Write
) -> None:
    server.answers.put((429, {"Retry-After": "1"}))
    refused = time.monotonic()
    with pytest.raises(ClusterError):
        cluster.create(ZONE)
    server.heard.clear()
    with pytest.raises(ClusterError, match="the API server wants no writes for") as caught:
        write(cluster)
    assert 0 < caught.value.retry_after <= 1
    assert server.heard == []
    cluster.get("Zone", "a", "dns")
    cluster.create(LEASE)
    cluster.replace(LEASE)
    assert [method for method, _ in server.heard] == ["GET", "POST", "PUT"]

    def is_sent() -> bool:
        try:
            write(cluster)
        except ClusterError:
            return False
        return True

    wait_for("the write is sent", is_sent, 10)
    assert time.monotonic() - refused >= 1


def test_writes_keep_to_the_limit_and_the_lease_and_reads_have_none(
    server: Server, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[float] = []

    def take(limit: WriteLimit, now: float) -> float:
        taken.append(now)
        return 0.05 * len(taken)

    monkeypatch.setattr(WriteLimit, "take", take)
    began = time.monotonic()
    for write in WRITES:
        write(cluster)
    assert time.monotonic() - began >= 0.05 * (1 + 2 + 3 + 4)
    assert len(taken) == len(WRITES)
    cluster.get("Zone", "a", "dns")
    cluster.create(LEASE)
    cluster.replace(LEASE)
    assert len(taken) == len(WRITES)


def calls(counted: CollectorRegistry) -> dict[tuple[str, str, str], float]:
    """How many calls were counted, by verb, resource and code."""
    name = "dnsfleet_operator_api_calls_total"
    samples = (sample for family in counted.collect() for sample in family.samples)
    return {
        (each.labels["verb"], each.labels["resource"], each.labels["code"]): each.value
        for each in samples
        if each.name == name
    }


def test_calls_are_counted_as_rights_name_them(
    server: Server, cluster: Cluster, counted: CollectorRegistry
) -> None:
    for write in WRITES:
        write(cluster)
    cluster.time()
    with pytest.raises(KeyError):
        cluster.page("Pop")  # this server answers any request with an empty object
    for status in (403, 404):
        server.answers.put((status, {}))
        with suppress(ClusterError):
            cluster.get("Lease", "operator", "dns")
    assert calls(counted) == {
        ("patch", "zones/status", "200"): 1,
        ("create", "zones", "200"): 1,
        ("update", "zones", "200"): 1,
        ("delete", "zones", "200"): 1,
        ("get", "version", "200"): 1,
        ("list", "pops", "200"): 1,
        ("get", "leases", "403"): 1,
        ("get", "leases", "404"): 1,
    }
    seconds = "dnsfleet_operator_api_seconds_count"
    assert counted.get_sample_value(seconds, {"verb": "get"}) == 3


def test_a_watch_is_counted_when_it_ends_and_not_timed(
    server: Server, cluster: Cluster, counted: CollectorRegistry
) -> None:
    server.answers.put((403, {}))
    with pytest.raises(ClusterError):
        list(cluster.watch("Pod", "dns", "", 1))
    list(cluster.watch("Pod", "dns", "", 1))
    assert calls(counted) == {("watch", "pods", "403"): 1, ("watch", "pods", "200"): 1}
    seconds = "dnsfleet_operator_api_seconds_count"
    assert counted.get_sample_value(seconds, {"verb": "watch"}) is None


DENIED = 'zones is forbidden: User "system:serviceaccount:dns:o" cannot list resource "zones"'
OVER_QUOTA = 'pods "a" is forbidden: exceeded quota: all, requested: pods=1'
ENDS = (
    "a is forbidden: unable to create new content in namespace dns because it is being terminated"
)


def refusing(status: int, message: str) -> Callable[[], object]:
    def send() -> object:
        error = ApiException(status=status)
        error.body = json.dumps({"kind": "Status", "message": message, "code": status})
        raise error

    return send


def denied(counted: CollectorRegistry) -> set[tuple[str, str]]:
    """What is shown as denied, by verb and resource."""
    samples = (sample for family in counted.collect() for sample in family.samples)
    found = [each for each in samples if each.name == "dnsfleet_operator_api_denied"]
    assert all(each.value == 1 for each in found)
    return {(each.labels["verb"], each.labels["resource"]) for each in found}


def test_what_rbac_denies_is_shown_until_it_is_allowed(counted: CollectorRegistry) -> None:
    made = APICalls(counted)
    for verb, resource in (("list", "zones"), ("patch", "zones/status")):
        with suppress(ApiException):
            made.sent(verb, resource, refusing(403, DENIED))
    both = {("list", "zones"), ("patch", "zones/status")}
    assert denied(counted) == both
    with suppress(urllib3.exceptions.HTTPError):
        made.sent("list", "zones", lambda: raising(urllib3.exceptions.ReadTimeoutError))
    assert denied(counted) == both, "no answer says nothing of a right"
    with suppress(ApiException):
        made.sent("list", "zones", refusing(404, "no such kind"))
    assert denied(counted) == {("patch", "zones/status")}


def test_what_is_denied_in_one_namespace_is_shown_whatever_others_allow(
    counted: CollectorRegistry,
) -> None:
    made = APICalls(counted)
    allowed = partial(SimpleNamespace, status=200)
    with suppress(ApiException):
        made.sent("list", "zones", refusing(403, DENIED), "shop")
    made.sent("list", "zones", allowed, "web")
    made.ended("list", "zones", "200", "web")
    assert denied(counted) == {("list", "zones")}
    made.ended("list", "zones", "403", "web")
    made.sent("list", "zones", allowed, "shop")
    assert denied(counted) == {("list", "zones")}, "web is denied still"
    made.ended("list", "zones", "200", "web")
    assert denied(counted) == set()


def raising(kind: type[Exception]) -> object:
    raise urllib3.exceptions.HTTPError(kind.__name__)


@pytest.mark.parametrize("message", [OVER_QUOTA, ENDS])
def test_what_others_refuse_with_the_same_status_is_not(
    counted: CollectorRegistry, message: str
) -> None:
    made = APICalls(counted)
    with suppress(ApiException):
        made.sent("create", "pods", refusing(403, message))
    assert denied(counted) == set()


def test_a_denied_watch_is_shown_too(counted: CollectorRegistry) -> None:
    made = APICalls(counted)
    error = ApiException(status=403)
    error.body = DENIED.encode()
    made.watched("zones", error)
    assert denied(counted) == {("watch", "zones")}
    made.watched("zones", None)
    assert denied(counted) == set()


def test_a_call_without_an_answer_is_counted(counted: CollectorRegistry) -> None:
    configuration = kubernetes.client.Configuration(host="http://127.0.0.1:9")
    configuration.retries = False
    with kubernetes.client.ApiClient(configuration) as api, pytest.raises(ClusterError):
        Cluster(api, APICalls(counted)).get("Zone", "a", "dns")
    assert calls(counted) == {("get", "zones", "none"): 1}
