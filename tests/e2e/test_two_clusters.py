"""Two clusters: the core in one, a Pop in the other, which joined by the printed commands alone."""

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.error import HTTPError
from urllib.request import urlopen

import dns.exception
import dns.message
import dns.query
import pytest
import redis
from dnsfleet.replication import ack_slots, keys, pop_slots
from dnsfleet_io.upward_commands import BURST_OCTETS, COMMAND_OCTETS
from dnsfleet_operator.configuration import VERSION
from kubernetes import client, config
from support import probe_fleets, status_claims, stolen_credentials
from support.disturbances import Disturbances
from support.kubectl_plugin import dnsfleet
from support.oracle import Oracle
from support.probe_fleets import ORIGIN, ZONE
from support.releases import READY_SECONDS
from support.stolen_credentials import Stolen
from support.two_clusters import (
    BUSY_SECONDS,
    CORE_ADDRESS,
    LOCAL,
    LOCAL_ADDRESS,
    REMOTE,
    REMOTE_ADDRESS,
    TwoClusters,
)
from support.waiting import wait_for

SERVERS = [(LOCAL_ADDRESS, 53), (REMOTE_ADDRESS, 53)]
CHANGES = 200
RATE = 1_000
"""Queries a second, over both Pops."""
REVERT_SECONDS = 30.0
CUT_SECONDS = float(os.environ.get("CUT_SECONDS", "60"))
CUT_RATE = 1_000
"""Queries a second while the link is cut."""
UNAVAILABLE = 503
PROBE_SECONDS = 2.0
CURRENT_SECONDS = 5.0 + BUSY_SECONDS
"""Until all is current after a cut: 0.1 to 1.6 s."""
FITS = COMMAND_OCTETS - 1024
"""Octets of a value that a command of the largest size may bring."""
LEAVE_SECONDS = 5.0 + BUSY_SECONDS
"""It takes two to four: a Python starts, and the operator looks every two seconds."""


@pytest.fixture(scope="module")
def stolen(joined: TwoClusters, tmp_path_factory: pytest.TempPathFactory) -> Stolen:
    return Stolen(joined.place.access, tmp_path_factory.mktemp("stolen"))


@pytest.fixture
def api(joined: TwoClusters) -> Iterator[client.CustomObjectsApi]:
    with config.new_client_from_config(str(joined.core.kubeconfig)) as connection:
        yield client.CustomObjectsApi(connection)


def test_a_pop_of_another_cluster_is_shown_like_any_other(joined: TwoClusters) -> None:
    row = ["Active", "1/1", "1/1", "0", "True", VERSION]

    def alike() -> bool:
        _, *shown = joined.core.access.kubectl("get", "pops").splitlines()
        rows = {name: columns[:6] for name, *columns in map(str.split, shown)}
        return rows == {LOCAL: row, REMOTE: row}

    wait_for("both are shown alike", alike, READY_SECONDS)
    addresses = {
        pop["metadata"]["name"]: pop["status"]["addresses"]
        for pop in joined.core.access.items("pops")
    }
    assert addresses == {LOCAL: [LOCAL_ADDRESS], REMOTE: [REMOTE_ADDRESS]}


def test_the_mirrored_pop_says_where_it_comes_from_and_edits_are_reverted(
    joined: TwoClusters,
) -> None:
    place = joined.place.access
    assert f"from the core at {CORE_ADDRESS}:6390; edits here are reverted" in place.kubectl(
        "describe", "pops"
    )
    spec = place.get("pop", REMOTE)["spec"]
    edit = json.dumps({"spec": {"location": {"region": "elsewhere"}}})
    place.kubectl("patch", "pop", REMOTE, "--type=merge", "--patch", edit)
    wait_for("it is reverted", lambda: place.get("pop", REMOTE)["spec"] == spec, REVERT_SECONDS)


@pytest.mark.timeout(600)
def test_a_zone_of_the_core_is_live_in_the_other_cluster_when_propagated_says_so(
    joined: TwoClusters, api: client.CustomObjectsApi
) -> None:
    applied: list[float] = []
    with probe_fleets.watching(joined.core.node, SERVERS, RATE, retries=1) as oracle:
        wait_for("the first answers", lambda: oracle.seen_everywhere(0), READY_SECONDS)
        for counter in range(1, CHANGES + 1):
            oracle.publishing(counter)
            applied.append(time.monotonic())
            status_claims.change(api, ZONE, probe_fleets.zone(counter)["spec"])
            with joined.core.node.on_client():
                answers = {server: status_claims.ask(server, ORIGIN) for server in SERVERS}
            late = {server: found for server, found in answers.items() if found != counter}
            assert not late, f"change {counter}, Propagated is true, but answered: {late}"
    joined.counter = CHANGES
    assert oracle.faults == []
    for where, server in zip(("local", "remote"), SERVERS, strict=True):
        first = oracle.verdicts[server].first_seen
        spans = [
            min(at for counter, at in first.items() if counter >= n) - began
            for n, began in enumerate(applied, start=1)
        ]
        centiles = statistics.quantiles(spans, n=100)
        print(f"{where} Pop: median {centiles[49]:.3f} s, p99 {centiles[98]:.3f} s after the apply")
    question = dns.message.make_query(f"probe.{ORIGIN}.", "TXT")
    with joined.core.node.on_client():
        reply = dns.query.tcp(question, REMOTE_ADDRESS, timeout=status_claims.ANSWER_SECONDS)
    assert reply.answer[0][0].strings == (str(CHANGES).encode(),)


@pytest.mark.timeout(1200)
def test_a_pop_that_is_cut_off_serves_on_from_what_its_cluster_holds(joined: TwoClusters) -> None:
    place = joined.place.access
    core = joined.core.access
    before = joined.counter
    servers = [(REMOTE_ADDRESS, 53)]
    with probe_fleets.watching(
        joined.core.node, servers, CUT_RATE, published=before, retries=1
    ) as oracle:
        wait_for("the first answers", lambda: oracle.seen_everywhere(before), READY_SECONDS)
        with joined.link.cut():
            began = time.monotonic()
            oracle.publishing(before + 1)
            joined.publish(before + 1)
            for name, disturb in Disturbances(joined.place, REMOTE, joined.cache):
                since = time.monotonic()
                disturb()
                wait_for_answers(oracle)
                print(f"{name}: replaced, and answers, after {time.monotonic() - since:.1f} s")
            disconnected = "condition=Connected=False"
            core.wait(disconnected, READY_SECONDS, "pop", REMOTE)
            place.wait(disconnected, READY_SECONDS, "pop", REMOTE)
            core.wait("condition=Propagated=False", READY_SECONDS, "zone", ZONE)
            end = began + CUT_SECONDS
            wait_for("the end of the cut", lambda: time.monotonic() > end, CUT_SECONDS + 1)
            assert not oracle.seen_everywhere(before + 1), "something passed the cut"
        healed = time.monotonic()
        wait_for("the change", lambda: oracle.seen_everywhere(before + 1), CURRENT_SECONDS)
        print(f"current {time.monotonic() - healed:.1f} s after a cut of {healed - began:.0f} s")
        core.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)
    (verdict,) = oracle.verdicts.values()
    print(f"{verdict.asked} queries, {verdict.answered} answered, {verdict.wrong} wrong")
    assert not verdict.wrong, verdict.notes


@pytest.mark.timeout(600)
def test_an_edge_without_core_and_disk_is_not_ready_and_says_nothing(joined: TwoClusters) -> None:
    disturbances = Disturbances(joined.place, REMOTE, joined.cache)
    servers = [(REMOTE_ADDRESS, 53)]
    with probe_fleets.watching(
        joined.core.node, servers, CUT_RATE, published=joined.counter
    ) as oracle:
        with joined.link.cut():
            disturbances.wipe_replica()
            address = disturbances.lose_disk()
            with joined.core.node.on_client():
                wait_for("a refusal", lambda: readiness(address) == UNAVAILABLE, READY_SECONDS)
                with pytest.raises(dns.exception.Timeout):
                    status_claims.ask((address, probe_fleets.DNS_PORT), ORIGIN)
                assert readiness(address) == UNAVAILABLE
            assert probe_fleets.edge_servers(joined.place.access) == []
        wait_for_answers(oracle)
    (verdict,) = oracle.verdicts.values()
    assert not verdict.wrong, verdict.notes


def wait_for_answers(oracle: Oracle) -> None:
    """Wait until so many more queries are answered."""
    (verdict,) = oracle.verdicts.values()
    enough = verdict.answered + CUT_RATE // 10
    wait_for("answers", lambda: verdict.answered >= enough, READY_SECONDS)


def readiness(address: str) -> int | None:
    """The status that an edge gives to the kubelet's probe; None where nobody answers."""
    try:
        with urlopen(f"http://{address}:8080/readyz", timeout=PROBE_SECONDS) as page:
            return int(page.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.mark.parametrize(
    "command",
    [
        ("SET", keys.manifest(f"{ORIGIN}."), "forged"),
        ("HSET", keys.ZONES, f"{ORIGIN}.", "forged"),
        ("HSET", keys.POPS, REMOTE, "forged"),
        ("XADD", keys.LOG, "*", "zone", f"{ORIGIN}."),
        ("SET", pop_slots.key(LOCAL, 0), "forged"),
        ("SET", ack_slots.key(0), "forged"),
        ("SET", f"{pop_slots.key(REMOTE, 0)}0", "one more slot"),
        ("GET", keys.manifest(f"{ORIGIN}.")),
        ("FLUSHALL",),
        ("CONFIG", "SET", "maxmemory", "1"),
        ("ACL", "SETUSER", f"pop-{REMOTE}", "+@all"),
        ("CLIENT", "KILL", "TYPE", "replica"),
        ("REPLICAOF", "NO", "ONE"),
        ("SHUTDOWN", "NOSAVE"),
    ],
    ids=lambda command: " ".join(command[:2])[:40],
)
def test_stolen_credentials_write_and_run_nothing_else(
    joined: TwoClusters, stolen: Stolen, command: tuple[str, ...]
) -> None:
    with joined.place.node.on_node(), closing(stolen.client()) as thief:
        thief.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            thief.execute_command(*command)


def test_stolen_credentials_fill_their_own_slots_and_the_pop_goes_on(
    joined: TwoClusters, stolen: Stolen
) -> None:
    with joined.place.node.on_node(), closing(stolen.client()) as thief:
        for slot in range(BURST_OCTETS // COMMAND_OCTETS):
            assert thief.set(pop_slots.key(REMOTE, slot), "x" * FITS)
        with pytest.raises(redis.RedisError):  # the tunnel ends the connection
            thief.set(pop_slots.key(REMOTE, 0), "x" * (COMMAND_OCTETS + 1))
    joined.publish(joined.counter + 1)
    joined.core.access.wait("condition=Propagated", READY_SECONDS, "zone", ZONE)


@pytest.mark.timeout(300)
def test_a_forged_record_in_the_replica_of_the_pop_is_not_served(joined: TwoClusters) -> None:
    place, node = joined.place.access, joined.core.node
    (edge,) = probe_fleets.edge_servers(place)
    with probe_fleets.watching(node, [edge], RATE, published=joined.counter, retries=1) as oracle:
        with node.on_client():
            before = stolen_credentials.refusals(edge[0])
        server = stolen_credentials.take_over_replica(place, REMOTE)
        with node.on_client():
            stolen_credentials.forge(server)
            wait_for(
                "the edge has seen what is forged",
                lambda: stolen_credentials.refusals(edge[0]) > before,
                READY_SECONDS,
            )
        stolen_credentials.give_back_replica(place)
        oracle.publishing(joined.counter + 1)
        joined.publish(joined.counter + 1)
        wait_for("news", lambda: oracle.seen_everywhere(joined.counter), READY_SECONDS)
    assert oracle.faults == []


def test_a_pop_that_leaves_is_shut_out_within_five_seconds_and_may_come_back(
    joined: TwoClusters, stolen: Stolen
) -> None:
    with closing(stolen.client()) as thief:
        with joined.place.node.on_node():
            thief.ping()
        began = time.monotonic()
        left = dnsfleet(joined.core.access, "pop", "leave", REMOTE, "--now")
        took = time.monotonic() - began
        assert left.returncode == 0, left.stdout + left.stderr
        with joined.place.node.on_node(), closing(stolen.client()) as again:
            with pytest.raises(redis.RedisError):
                thief.ping()
            # By the core, that takes the password no more, or by the tunnel before it gets there.
            with pytest.raises(redis.ConnectionError):
                again.ping()
    print(f"shut out {took:.1f} s after `pop leave --now` began")
    assert took < LEAVE_SECONDS
    with joined.core.node.on_client():
        assert status_claims.ask((REMOTE_ADDRESS, 53), ORIGIN) == joined.counter
    joined.apply_remote()  # what it said before counts no more
    joined.core.access.wait("condition=Ready=False", READY_SECONDS, "pop", REMOTE)
    assert "NotJoined" in joined.core.access.kubectl("describe", "pop", REMOTE)
    joined.rejoin()
