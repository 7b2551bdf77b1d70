"""The protocol over HTTP, as the client of ExternalDNS (provider/webhook/webhook.go) takes it."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from dnsfleet_externaldns import app
from dnsfleet_externaldns.endpoints import MEDIA_TYPE
from dnsfleet_externaldns.record_sets import Object
from dnsfleet_io.app_servers import AppServer
from support.external_dns import ExternalDNS, endpoint
from support.webhook_rigs import Objects, Rig, zone
from support.webhooks import ACCEPT, SENT, Client

WWW = endpoint("www.example.com", "A", "192.0.2.1", ttl=60)


class Site(Client):
    """A webhook that is served."""

    def __init__(self, rig: Rig, port: int) -> None:
        super().__init__(port)
        self.rig = rig

    def count(self, operation: str, code: int) -> float | None:
        return self.rig.sample("requests_total", operation=operation, code=str(code))


@contextlib.contextmanager
def served(*domains: str) -> Iterator[Site]:
    rig = Rig(Objects(zone("example.com")), *domains)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = AppServer(app.make(rig.provider, rig.metrics), listening)
        server.start()
        try:
            yield Site(rig, listening.getsockname()[1])
        finally:
            server.stop()


@pytest.fixture
def site() -> Iterator[Site]:
    with served() as found:
        yield found


def test_the_first_request_negotiates() -> None:
    with served("example.com", "example.org") as site:
        reply = site.request("GET", "/", None, ACCEPT)
    assert reply.status == 200
    assert reply.content_type == MEDIA_TYPE  # compared letter by letter
    assert json.loads(reply.body) == {"include": ["example.com", "example.org"]}


@pytest.mark.parametrize("owner", [None, "a"], ids=["no registry", "TXT registry"])
def test_rounds_bring_about_what_is_wanted(site: Site, owner: str | None) -> None:
    dns = ExternalDNS(site.ask, owner)
    dns.round([WWW])
    assert site.rig.objects.rrsets()["www.example.com.", "A"] == (["192.0.2.1"], 60)
    dns.round([WWW])
    assert dns.changes == {}
    dns.round([])
    assert site.rig.objects.rrsets() == {}
    assert site.count("records", 200) == site.count("adjust", 200) == 3
    assert site.count("apply", 204) == 2


def test_records_have_the_shape_of_endpoints(site: Site) -> None:
    site.ask("POST", "/records", {"create": [WWW]})
    reply = site.request("GET", "/records", None, ACCEPT)
    assert (reply.status, reply.content_type) == (200, MEDIA_TYPE)
    assert json.loads(reply.body) == [
        {
            "dnsName": "www.example.com",
            "recordType": "A",
            "targets": ["192.0.2.1"],
            "recordTTL": 60,
        }
    ]


def test_an_empty_list_is_null_in_go(site: Site) -> None:
    assert site.ask("POST", "/adjustendpoints", None) == []
    site.ask("POST", "/records", {"create": None, "delete": []})


def test_labels_come_back_with_adjusted_endpoints(site: Site) -> None:
    (found,) = site.ask("POST", "/adjustendpoints", [WWW | {"later": {"field": 1}}])
    assert found["labels"] == WWW["labels"]


def test_what_may_be_well_later_is_a_soft_error(site: Site) -> None:
    site.rig.objects.available = False
    assert site.request("GET", "/", None, ACCEPT).status == 200
    for method, path, body in (
        ("GET", "/records", None),
        ("POST", "/adjustendpoints", b"[]"),
        ("POST", "/records", b"{}"),
    ):
        reply = site.request(method, path, body, SENT if body else {})
        assert (reply.status, reply.body) == (503, b"list zones: no answer\n")
    site.rig.objects.available = True
    assert site.request("GET", "/records", None, {}).status == 200


def test_an_answer_that_takes_too_long_is_a_soft_error(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "ANSWER_SECONDS", 0.2)
    ready = threading.Event()

    def slow() -> Iterator[Object]:
        ready.wait(60)
        return iter(())

    monkeypatch.setattr(site.rig.objects, "zones", slow)
    try:
        reply = site.request("GET", "/records", None, {})
    finally:
        ready.set()
    assert (reply.status, site.count("records", 503)) == (503, 1)
    assert reply.body.startswith(b"no answer after ")
    monkeypatch.setattr(app, "ANSWER_SECONDS", 60.0)
    assert site.request("GET", "/records", None, {}).status == 200


def test_what_nobody_foresaw_is_a_soft_error_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.rig.objects, "zones", lambda: iter([{"metadata": {}}]))
    assert site.request("GET", "/records", None, {}).status == 500
    assert site.count("records", 500) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "text"),
    [
        ("POST", "/records", b"{", {}, 400, b"body: Invalid JSON"),
        ("POST", "/records", b"[]", {}, 400, b"body: Input should be an object"),
        ("POST", "/adjustendpoints", b'[{"targets": "a"}]', {}, 400, b"0.targets: "),
        ("POST", "/adjustendpoints", b'[{"recordTTL": "1"}]', {}, 400, b"0.recordTTL: "),
        ("POST", "/records", b"{}", {"Content-Type": "application/json"}, 415, b"the content"),
        ("GET", "/records", None, {"Accept": "text/html"}, 406, b"this answers with"),
        ("PUT", "/records", b"{}", {}, 405, b""),
        ("GET", "/adjustendpoints", None, {}, 405, b""),
        ("GET", "/healthz", None, {}, 404, b""),
    ],
)
def test_a_request_that_is_none_of_the_protocol_is_refused(
    site: Site,
    method: str,
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    status: int,
    text: bytes,
) -> None:
    reply = site.request(method, path, body, SENT | headers)
    assert reply.status == status
    assert reply.body.startswith(text)
    assert site.rig.objects.writes == []


@pytest.mark.parametrize(
    ("path", "most"), [("/adjustendpoints", app.MAX_ENDPOINTS), ("/records", app.MAX_CHANGES)]
)
def test_a_request_of_any_size_is_bounded(site: Site, path: str, most: int) -> None:
    body = b" " * (most + 1)
    reply = site.request("POST", path, body, SENT)
    assert (reply.status, site.rig.objects.writes) == (413, [])


def test_changes_have_all_endpoints_as_they_were_and_are_to_be(site: Site) -> None:
    one = json.dumps({"create": [WWW]}).encode()
    changes = one.ljust(3 * app.MAX_ENDPOINTS)
    assert site.request("POST", "/records", changes, SENT).status == 204
    assert len(site.rig.objects.writes) == 1


def test_more_writes_than_there_is_time_for_go_on_in_the_next_round(site: Site) -> None:
    site.rig.objects.seconds = 1.0
    wanted = [endpoint(f"w{number}.example.com", "A", "192.0.2.1") for number in range(25)]
    body = json.dumps({"create": wanted}).encode()
    reply = site.request("POST", "/records", body, SENT)
    assert reply.status == 503
    assert reply.body == b"the writes took 10 s; the rest is for the next round\n"
    done = len(site.rig.objects.writes)
    assert 0 < done < 25
    site.rig.objects.seconds = 0.0
    ExternalDNS(site.ask).round(wanted)
    assert len(site.rig.objects.writes) == 25
